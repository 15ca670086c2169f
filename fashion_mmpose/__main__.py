"""``python -m fashion_mmpose``: the command ``fashion-mmpose``, e.g. for torchrun."""

import sys

from fashion_mmpose.cli.main import main

if __name__ == '__main__':
    sys.exit(main())
