"""Draw garments with exact landmarks in a benchmark's own raw format.

Usage:
    fashion-mmpose synthesize --category blouse --num 700 --seed 1 \\
        --out data/drawn
    fashion-mmpose synthesize --category all --num 100 --out data/drawn \\
        --workers 2
    fashion-mmpose synthesize --format deepfashion2 --num 1000 \\
        --out data/drawn_deepfashion2
    fashion-mmpose synthesize --format deepfashion2 --num 130 --balanced \\
        --out data/drawn_deepfashion2_small
    fashion-mmpose synthesize --format deepfashion2 --num 1000 \\
        --only short_sleeved_shirt trousers --out data/drawn_pairs
    fashion-mmpose synthesize --format deepfashion2 --num 1000 --parsing \\
        --out data/drawn_with_maps
    fashion-mmpose synthesize --laid-flat --sheet a4 --num 3 --board-pictures 15 \\
        --out data/laid_flat

FashionAI: writes ``OUT/Annotations/annotations.csv`` and
``OUT/Images/<category>/*.jpg``. DeepFashion2: writes ``OUT/annos/000001.json`` and so
on and ``OUT/image/000001.jpg`` and so on, one to four garments in each picture. The
same options give the same bytes.

--parsing: what each pixel shows, in PNG files of one channel:
``OUT/Parsing/<category>/*.png`` beside FashionAI's pictures, ``OUT/parsing/000001.png``
and so on beside DeepFashion2's. 0 is background, 1 hair, 2 skin of the body, 3 of the
face, 4 clothes, 5 what else is worn or carried, as in MediaPipe's selfie multiclass
segmenter.

--laid-flat: garments of DeepFashion2 on a table beside something of known size, by one
slanted camera whose lens bends lines. Beside ``annos`` and ``image`` OUT gets
``lengths.csv`` and ``lengths.json``, every length in true centimetres; ``camera.json``,
the true lens; and ``boards/01.jpg`` and so on, the board from which `fashion-mmpose
lens` estimates it.
"""

import argparse

from fashion_mmpose import garments
from fashion_mmpose.cli.shell import argument_parser, parse, run
from fashion_mmpose.files.parallel import usable_cores
from fashion_mmpose.files.writing.locks import locked_folder
from fashion_mmpose.synthetic import (
    write_deepfashion2,
    write_fashionai,
    write_laid_flat,
)

from .options.targets import add_dictionary, add_targets, target_of


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """The command line's options."""
    parser = argument_parser(__doc__)
    parser.add_argument(
        '--format', choices=['fashionai', 'deepfashion2'], help='(fashionai)'
    )
    parser.add_argument(
        '--category',
        metavar='NAME',
        default='all',
        help='what to draw (all); for deepfashion2, a garment that every '
        'picture shows, and "all" for shares like those of the benchmark',
    )
    parser.add_argument(
        '--num',
        metavar='N',
        type=int,
        required=True,
        help='number of pictures; of each category for fashionai and "all", and for '
        '--laid-flat',
    )
    parser.add_argument(
        '--seed', metavar='N', type=int, default=0, help='seed of the pictures (0)'
    )
    parser.add_argument('--out', required=True, metavar='DIR', help='folder to write')
    parser.add_argument(
        '--workers',
        metavar='N',
        type=int,
        default=usable_cores(),
        help='processes that draw (as many as cores)',
    )
    parser.add_argument(
        '--overwrite',
        action='store_true',
        help='replace annotations, pictures and their maps (--laid-flat: and boards) '
        'in DIR',
    )
    parser.add_argument(
        '--parsing',
        action='store_true',
        help='write human parsing maps, too: what each pixel shows of people and '
        'clothes',
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
    flat = parser.add_argument_group('garments laid flat')
    flat.add_argument(
        '--laid-flat',
        action='store_true',
        help='garments of deepfashion2 on a table, with their lengths in centimetres',
    )
    add_targets(flat.add_mutually_exclusive_group())
    add_dictionary(flat)
    flat.add_argument(
        '--board-pictures',
        type=int,
        metavar='N',
        help='so many pictures of the board (or of one of 7 x 5 squares of 4 cm with '
        'markers of 3 cm) by the same camera (0)',
    )
    args = parse(parser, argv)
    check_flat(args, parser)
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


def check_flat(args: argparse.Namespace, parser: argparse.ArgumentParser) -> None:
    """Make sure that options of garments laid flat stand together, alone.

    The benchmark becomes the one that is drawn.
    """
    if not args.laid_flat:
        args.format = args.format or 'fashionai'
        given = (args.marker, args.board, args.sheet, args.board_pictures)
        if any(each is not None for each in given):
            parser.error(
                'what lies beside garments, and board pictures, need --laid-flat'
            )
        return
    if args.format == 'fashionai':
        parser.error('--laid-flat draws garments of deepfashion2')
    if args.balanced or args.only:
        parser.error('--laid-flat takes --category, and neither --balanced nor --only')
    if args.parsing:
        parser.error(
            '--parsing writes maps of people and what they wear, whom --laid-flat does '
            'not draw; leave one of them out'
        )
    args.format = 'deepfashion2'


def draw(args: argparse.Namespace) -> str:
    """Draw the set; what was drawn, in words."""
    every = args.category == 'all'
    options = dict(seed=args.seed, workers=args.workers, overwrite=args.overwrite)
    if args.laid_flat:
        written = write_laid_flat(
            args.out,
            args.num,
            None if every else [args.category],
            target_of(args),
            args.board_pictures or 0,
            **options,
        )
        return (
            f'{written.num_pictures} pictures, true lengths in {written.lengths}, the '
            f'lens in {written.camera}'
        )
    options['parsing'] = args.parsing
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
