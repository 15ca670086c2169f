"""The command ``fashion-mmpose convert yolo-predictions`` as a script."""

import sys
from functools import partial

from fashion_mmpose.cli.main import call

main = partial(call, 'convert yolo-predictions')

if __name__ == '__main__':
    sys.exit(main())
