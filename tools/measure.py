"""The command ``fashion-mmpose measure`` as a script."""

import sys
from functools import partial

from fashion_mmpose.cli.main import call

main = partial(call, 'measure')

if __name__ == '__main__':
    sys.exit(main())
