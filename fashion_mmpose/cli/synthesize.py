"""Draw garments with exact landmarks in a benchmark's own raw format.

Usage:
    fashion-mmpose synthesize --category blouse --num 700 --seed 1 \
        --out data/drawn
    fashion-mmpose synthesize --category all --num 100 --out data/drawn \
        --workers 2
    fashion-mmpose synthesize --format deepfashion2 --num 1000 \
        --out data/drawn_deepfashion2
    fashion-mmpose synthesize --format deepfashion2 --num 130 --balanced \
        --out data/drawn_deepfashion2_small
    fashion-mmpose synthesize --format deepfashion2 --num 1000 \
        --only short_sleeved_shirt trousers --out data/drawn_pairs

FashionAI: writes ``OUT/Annotations/annotations.csv`` and
``OUT/Images/<category>/*.jpg``. DeepFashion2: writes ``OUT/annos/000001.json`` and so
on and ``OUT/image/000001.jpg`` and so on, one to four garments in each picture. The
same options give the same bytes.
"""

import argparse
import os

from fashion_mmpose import garments
from fashion_mmpose.cli.shell import argument_parser, parse, run
from fashion_mmpose.files.locks import locked_folder
from fashion_mmpose.synthetic import write_deepfashion2, write_fashionai


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """The command line's options."""
    parser = argument_parser(__doc__)
    parser.add_argument(
        '--format', choices=['fashionai', 'deepfashion2'], default='fashionai'
    )
    parser.add_argument(
        '--category',
        default='all',
        help='what to draw (all); for deepfashion2, a garment that every '
        'picture shows, and "all" for shares like those of the benchmark',
    )
    parser.add_argument(
        '--num',
        type=int,
        required=True,
        help='number of pictures; for fashionai and "all", of each category',
    )
    parser.add_argument('--seed', type=int, default=0, help='seed of the pictures (0)')
    parser.add_argument('--out', required=True, metavar='DIR', help='folder to write')
    parser.add_argument(
        '--workers',
        type=int,
        default=os.cpu_count() or 1,
        help='processes that draw (as many as cores)',
    )
    parser.add_argument(
        '--overwrite', action='store_true', help='replace annotations in DIR'
    )
    parser.add_argument(
        '--balanced',
        action='store_true',
        help='deepfashion2 only: show the categories in turn, the rare ones as often '
        'as the others',
    )
    parser.add_argument(
        '--only',
        nargs='+',
        choices=garments.categories('deepfashion2'),
        metavar='CATEGORY',
        help='deepfashion2 only: the categories that are worn at all',
    )
    args = parse(parser, argv)
    names = [*garments.categories(args.format), 'all']
    if args.category not in names:
        parser.error(
            f'argument --category: {args.category!r} is no {args.format} category; '
            f'choose from {", ".join(names)}'
        )
    if args.balanced and (args.format != 'deepfashion2' or args.category != 'all'):
        parser.error('--balanced needs --format deepfashion2 and no --category')
    if args.only and args.format != 'deepfashion2':
        parser.error('--only needs --format deepfashion2')
    return args


def draw(args: argparse.Namespace) -> str:
    """Draw the set; what was drawn, in words."""
    every = args.category == 'all'
    options = dict(seed=args.seed, workers=args.workers, overwrite=args.overwrite)
    if args.format == 'deepfashion2':
        category = None if every else args.category
        folder, num_garments = write_deepfashion2(
            args.out,
            args.num,
            category=category,
            balanced=args.balanced,
            only=args.only,
            **options,
        )
        return f'{args.num} pictures, {num_garments} garments, annotations in {folder}'
    chosen = garments.categories('fashionai') if every else [args.category]
    csv = write_fashionai(args.out, chosen, args.num, **options)
    return f'{args.num * len(chosen)} pictures, annotations in {csv}'


def execute(args: argparse.Namespace) -> None:
    """Draw the set, and print what was drawn."""
    try:
        with locked_folder(args.out):
            print(draw(args))
    except FileExistsError as error:
        raise FileExistsError(f'{error}; pass --overwrite') from error


def main(argv: list[str] | None = None) -> int:
    """The command; its exit code."""
    return run(execute, parse_args(argv))
