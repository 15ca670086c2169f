"""The command ``fashion-mmpose predict`` as a script."""

import sys
from functools import partial

from fashion_mmpose.cli.main import call

main = partial(call, 'predict')

if __name__ == '__main__':
    sys.exit(main())
