"""The command ``fashion-mmpose score fashionai`` as a script."""

import sys
from functools import partial

from fashion_mmpose.cli.main import call

main = partial(call, 'score fashionai')

if __name__ == '__main__':
    sys.exit(main())
