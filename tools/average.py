"""The command ``fashion-mmpose average`` as a script."""

import sys
from functools import partial

from fashion_mmpose.cli.main import call

main = partial(call, 'average')

if __name__ == '__main__':
    sys.exit(main())
