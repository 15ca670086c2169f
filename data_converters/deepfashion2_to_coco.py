"""The command ``fashion-mmpose convert deepfashion2`` as a script."""

import sys
from functools import partial

from fashion_mmpose.cli.main import call

main = partial(call, 'convert deepfashion2')

if __name__ == '__main__':
    sys.exit(main())
