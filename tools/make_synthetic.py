"""Draw garments with exact landmarks in a benchmark's own raw format.

Usage:
    python tools/make_synthetic.py --category blouse --num 700 --seed 1 \
        --out data/drawn
    python tools/make_synthetic.py --category all --num 100 --out data/drawn \
        --workers 2

Writes ``OUT/Annotations/annotations.csv`` and ``OUT/Images/<category>/*.jpg``. The
same options give the same bytes.
"""

import argparse
import os
import sys
from collections.abc import Sequence

from fashion_mmpose import garments
from fashion_mmpose.synthetic import write_fashionai


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line's options."""
    parser = argparse.ArgumentParser(
        description='Draw garments with exact landmarks in a raw benchmark format.'
    )
    parser.add_argument('--format', choices=['fashionai'], default='fashionai')
    parser.add_argument(
        '--category',
        choices=[*garments.categories('fashionai'), 'all'],
        default='all',
        help='what to draw (default: all)',
    )
    parser.add_argument(
        '--num', type=int, required=True, help='pictures, per category for "all"'
    )
    parser.add_argument('--seed', type=int, default=0, help='default: 0')
    parser.add_argument('--out', required=True, metavar='DIR', help='folder to write')
    parser.add_argument(
        '--workers', type=int, default=os.cpu_count() or 1, help='default: all cores'
    )
    parser.add_argument(
        '--overwrite', action='store_true', help='replace annotations in DIR'
    )
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> int:
    """Draw the set; 1 if it cannot be written."""
    args = parse_args(argv)
    chosen = [args.category]
    if args.category == 'all':
        chosen = list(garments.categories('fashionai'))
    try:
        csv = write_fashionai(
            args.out, chosen, args.num, args.seed, args.workers, args.overwrite
        )
    except (OSError, ValueError) as error:
        hint = '; pass --overwrite' if isinstance(error, FileExistsError) else ''
        print(f'error: {error}{hint}', file=sys.stderr)
        return 1
    print(f'{args.num * len(chosen)} pictures, annotations in {csv}')
    return 0


if __name__ == '__main__':
    sys.exit(main())
