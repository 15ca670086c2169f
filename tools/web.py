"""The command ``fashion-mmpose web`` as a script."""

import sys
from functools import partial

from fashion_mmpose.cli.main import call

main = partial(call, 'web')

if __name__ == '__main__':
    sys.exit(main())
