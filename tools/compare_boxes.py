"""The command ``fashion-mmpose compare-boxes`` as a script."""

import sys
from functools import partial

from fashion_mmpose.cli.main import call

main = partial(call, 'compare-boxes')

if __name__ == '__main__':
    sys.exit(main())
