"""The command ``fashion-mmpose convert fiftyone`` as a script."""

import sys
from functools import partial

from fashion_mmpose.cli.main import call

main = partial(call, 'convert fiftyone')

if __name__ == '__main__':
    sys.exit(main())
