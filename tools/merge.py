"""The command ``fashion-mmpose merge`` as a script."""

import sys
from functools import partial

from fashion_mmpose.cli.main import call

main = partial(call, 'merge')

if __name__ == '__main__':
    sys.exit(main())
