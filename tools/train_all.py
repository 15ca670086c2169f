"""The command ``fashion-mmpose train-all`` as a script."""

import sys
from functools import partial

from fashion_mmpose.cli.main import call

main = partial(call, 'train-all')

if __name__ == '__main__':
    sys.exit(main())
