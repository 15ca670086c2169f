"""The command ``fashion-mmpose convert labels`` as a script."""

import sys
from functools import partial

from fashion_mmpose.cli.main import call

main = partial(call, 'convert labels')

if __name__ == '__main__':
    sys.exit(main())
