"""Convert DeepFashion2's annotations to COCO JSON.

Usage:
    fashion-mmpose convert deepfashion2 \\
        --annos data/deepfashion2/train/annos --images data/deepfashion2/train/image \\
        --out data/deepfashion2/train.json
    fashion-mmpose convert deepfashion2 --test \\
        --images data/deepfashion2/test/image --out data/deepfashion2/test.json

Writes one file with the 294 landmarks of all categories, as the benchmark's own score
and the published HRNet system have it; --split-categories writes one per category with
its own landmarks as well (train_skirt.json). What is wrong with an annotation or a
picture, or between the two, is an error that names file and field, and nothing is
written; --skip-bad leaves it out and lists it.
"""

import argparse
import sys

from fashion_mmpose.cli.shell import argument_parser, parse, run
from fashion_mmpose.files.parallel import usable_cores
from fashion_mmpose.files.writing.locks import locked_file
from fashion_mmpose.formats.deepfashion2.conversion import (
    Converted,
    convert,
    convert_images,
)

_LISTED = 20  # problems that are printed one by one


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = argument_parser(__doc__)
    parser.add_argument('--annos', metavar='DIR', help='folder of 000001.json, ...')
    parser.add_argument(
        '--images', required=True, metavar='DIR', help='folder of 000001.jpg, ...'
    )
    parser.add_argument('--out', required=True, metavar='FILE', help='JSON to write')
    parser.add_argument(
        '--limit', type=int, metavar='N', help='convert the first N pictures only'
    )
    parser.add_argument(
        '--categories', nargs='+', metavar='NAME', help='garments to keep, e.g. skirt'
    )
    parser.add_argument(
        '--split-categories',
        action='store_true',
        help='also write one file per category with its own landmarks',
    )
    parser.add_argument(
        '--workers',
        type=int,
        default=min(8, usable_cores()),
        metavar='N',
        help='processes that read files (%(default)s)',
    )
    parser.add_argument(
        '--test', action='store_true', help='list pictures that have no annotations'
    )
    parser.add_argument(
        '--skip-bad',
        action='store_true',
        help='leave out bad annotations and pictures, and list them',
    )
    args = parse(parser, argv)
    if args.test and (args.annos or args.categories or args.split_categories):
        parser.error('--test lists pictures: give neither --annos nor categories')
    if not args.test and args.annos is None:
        parser.error('give --annos, or --test for pictures without annotations')
    if args.limit is not None and args.limit < 1:
        parser.error(f'--limit {args.limit}: must be positive')
    return args


def converted(args: argparse.Namespace) -> Converted:
    """Convert as the options say."""
    common = dict(limit=args.limit, workers=args.workers, skip_bad=args.skip_bad)
    if args.test:
        return convert_images(args.images, args.out, **common)
    return convert(
        args.annos,
        args.images,
        args.out,
        categories=args.categories,
        split_categories=args.split_categories,
        **common,
    )


def execute(args: argparse.Namespace) -> None:
    """Convert, and print what was written and left out."""
    with locked_file(args.out):
        done = converted(args)
    listed = [f'{path}: not recognised, left aside' for path in done.strangers]
    listed += done.skipped + done.notes
    for line in listed[:_LISTED]:
        print(f'warning: {line}', file=sys.stderr)
    if len(listed) > _LISTED:
        print(f'warning: and {len(listed) - _LISTED} more', file=sys.stderr)
    for name, count in done.num_items.items():
        print(f'{name:<22}{count:>8}')
    total = sum(done.num_items.values())
    more = f' and {len(done.files) - 1} more' if done.files[1:] else ''
    print(f'{done.num_images} pictures, {total} garments: {done.files[0]}{more}')
    if done.skipped:
        print(f'{len(done.skipped)} pictures or garments left out')


def main(argv: list[str] | None = None) -> int:
    """The command; its exit code."""
    return run(execute, parse_args(argv))
