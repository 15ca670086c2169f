"""The command ``fashion-mmpose check-data`` as a script."""

import sys
from functools import partial

from fashion_mmpose.cli.main import call

main = partial(call, 'check-data')

if __name__ == '__main__':
    sys.exit(main())
