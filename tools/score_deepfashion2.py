"""The command ``fashion-mmpose score deepfashion2`` as a script."""

import sys
from functools import partial

from fashion_mmpose.cli.main import call

main = partial(call, 'score deepfashion2')

if __name__ == '__main__':
    sys.exit(main())
