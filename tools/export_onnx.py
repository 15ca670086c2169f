"""The command ``fashion-mmpose export`` as a script."""

import sys
from functools import partial

from fashion_mmpose.cli.main import call

main = partial(call, 'export')

if __name__ == '__main__':
    sys.exit(main())
