"""The command ``fashion-mmpose calibrate`` as a script."""

import sys
from functools import partial

from fashion_mmpose.cli.main import call

main = partial(call, 'calibrate')

if __name__ == '__main__':
    sys.exit(main())
