"""The command ``fashion-mmpose train`` as a script."""

import sys
from functools import partial

from fashion_mmpose.cli.main import call

main = partial(call, 'train')

if __name__ == '__main__':
    sys.exit(main())
