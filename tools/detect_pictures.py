"""The command ``fashion-mmpose detect pictures`` as a script."""

import sys
from functools import partial

from fashion_mmpose.cli.main import call

main = partial(call, 'detect pictures')

if __name__ == '__main__':
    sys.exit(main())
