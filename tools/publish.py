"""The command ``fashion-mmpose publish`` as a script."""

import sys
from functools import partial

from fashion_mmpose.cli.main import call

main = partial(call, 'publish')

if __name__ == '__main__':
    sys.exit(main())
