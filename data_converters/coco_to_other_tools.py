"""The command ``fashion-mmpose convert export`` as a script."""

import sys
from functools import partial

from fashion_mmpose.cli.main import call

main = partial(call, 'convert export')

if __name__ == '__main__':
    sys.exit(main())
