"""Convert FashionAI's key point annotations to COCO JSON.

Usage:
    fashion-mmpose convert fashionai data/fashionai \\
        --out data/fashionai/annotations
    fashion-mmpose convert fashionai --csv answers.csv --image-root images \\
        --split test --out coco

The first form finds the files of the challenge of 2018, of the later upload and of
folders with ``Annotations`` and ``Images`` by itself. For every split it writes
``<split>_<category>.json`` with the key points of that category and
``<split>_all.json`` with all 24. ``--val-fraction`` or ``--val-split cpn`` divides the
training rows. Repairs and rows left out are listed on stderr; an error leaves the
output folder as it was.
"""

import argparse
import re
import sys
from pathlib import Path

from fashion_mmpose.cli.shell import argument_parser, parse, run
from fashion_mmpose.files.parallel import usable_cores
from fashion_mmpose.files.writing.locks import locked_folder
from fashion_mmpose.formats.fashionai.conversion import Options, Written, write_splits
from fashion_mmpose.formats.fashionai.earlier_runs import notes_on_earlier_runs
from fashion_mmpose.formats.fashionai.parts import Part, find_parts
from fashion_mmpose.formats.fashionai.samples import (
    Reading,
    Source,
    cpn_splits,
    hold_out,
    read_splits,
    shared_images,
)


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = argument_parser(__doc__)
    parser.add_argument(
        'data_root', nargs='?', metavar='DATA_ROOT', help='folder with the data set'
    )
    parser.add_argument(
        '--out', required=True, metavar='DIR', help='folder to write to'
    )
    parser.add_argument(
        '--csv', nargs='+', metavar='CSV', help='read these files instead'
    )
    parser.add_argument(
        '--image-root', metavar='DIR', help='folder that the ids of --csv lead from'
    )
    parser.add_argument('--split', metavar='NAME', help='name of the split of --csv')
    division = parser.add_mutually_exclusive_group()
    division.add_argument(
        '--val-fraction',
        type=float,
        metavar='F',
        help='share of the training set that becomes the validation set',
    )
    division.add_argument(
        '--val-split', choices=['cpn'], help='divide as the CPN reference system did'
    )
    parser.add_argument(
        '--seed', type=int, default=0, help='seed of the choice for --val-fraction (0)'
    )
    parser.add_argument(
        '--bbox',
        choices=['keypoints', 'image'],
        default='keypoints',
        help='box of a garment: the extent of its points (default), or the image',
    )
    parser.add_argument(
        '--margin',
        type=int,
        default=10,
        metavar='PX',
        help='pixels by which the extent is grown (10)',
    )
    parser.add_argument(
        '--image-size',
        type=int,
        nargs=2,
        metavar=('W', 'H'),
        help='size of all images, which are then not opened',
    )
    parser.add_argument(
        '--workers',
        type=int,
        default=min(8, usable_cores()),
        metavar='N',
        help='processes that read image headers (%(default)s)',
    )
    parser.add_argument(
        '--skip-bad',
        action='store_true',
        help='leave out bad rows and missing images, and list them',
    )
    args = parse(parser, argv)
    explicit = (args.csv, args.image_root, args.split)
    if args.data_root is None and None in explicit:
        parser.error('give DATA_ROOT, or all of --csv, --image-root and --split')
    if args.data_root is not None and explicit != (None, None, None):
        parser.error('--csv, --image-root and --split replace DATA_ROOT')
    if args.split is not None and not re.fullmatch(r'\w[\w.-]*', args.split):
        parser.error(f'--split {args.split!r}: write letters, digits, "_", "." and "-"')
    if args.val_fraction is not None and not 0 < args.val_fraction < 1:
        parser.error(f'--val-fraction {args.val_fraction}: must be between 0 and 1')
    if args.margin < 0:
        parser.error(f'--margin {args.margin}: must not be negative')
    if args.image_size is not None and min(args.image_size) < 1:
        parser.error(f'--image-size {args.image_size}: must be positive')
    return args


def convert(args: argparse.Namespace, notes: list[str]) -> list[Written]:
    """Read, divide and write; notes are added, what was written is returned."""
    search = args.data_root is not None
    root = Path(args.data_root if search else args.image_root)
    if search:
        parts, found = find_parts(root)
        notes += found
    else:
        parts = [Part(Path(csv), root, args.split) for csv in args.csv]
    image_size = args.image_size and tuple(args.image_size)
    reading = Reading(root, search, args.skip_bad, image_size, args.workers)
    splits, sources, found = read_splits(parts, reading)
    notes += found
    print(found_files(sources, root if search else None), end='\n\n')
    if args.val_fraction is not None:
        splits = hold_out(splits, args.val_fraction, args.seed)
    elif args.val_split == 'cpn':
        splits, found = cpn_splits(splits)
        notes += found
    notes += shared_images(splits)
    options = Options(
        bbox=args.bbox,
        margin=args.margin,
        image_size=image_size,
        workers=args.workers,
        skip_bad=args.skip_bad,
    )
    with locked_folder(args.out):
        written, dropped = write_splits(splits, root, args.out, options)
        notes += notes_on_earlier_runs(splits, [w.file for w in written], args.out)
    notes += dropped
    return written


def found_files(sources: list[Source], root: Path | None) -> str:
    """A table with one line per CSV file that was read, its path from the root."""
    names = [str(s.csv.relative_to(root) if root else s.csv) for s in sources]
    width = max(len(name) for name in ('file', *names))
    line = f'{{:<{width}}}  {{:<12}} {{:>8}} {{:>15}} {{:>8}}'
    head = line.format('file', 'part', 'rows', 'pictures found', 'missing')
    rows = (
        line.format(name, s.split, s.rows, s.found, s.rows - s.found)
        for name, s in zip(names, sources)
    )
    return '\n'.join((head, *rows))


def summary(written: list[Written]) -> str:
    """A table with one line per file."""
    line = '{:<12} {:<10} {:>8} {:>8} {:>9} {:>9} {:>9}  {}'
    head = ('split', 'category', 'images', 'rows', 'v=1', 'v=0', 'v=-1', 'file')
    return '\n'.join(
        line.format(*row)
        for row in (
            head,
            *(
                (w.split, w.category, w.images, w.rows)
                + (w.visible, w.occluded, w.absent, w.file)
                for w in written
            ),
        )
    )


def execute(args: argparse.Namespace) -> None:
    """Convert, and print what was written and left out."""
    notes: list[str] = []
    try:
        written = convert(args, notes)
    finally:  # before an error, too
        for note in notes:
            print(f'warning: {note}', file=sys.stderr)
    left_out = sum(note.startswith('row left out: ') for note in notes)
    print(summary(written))
    if left_out:
        print(f'{left_out} rows left out, listed above')


def main(argv: list[str] | None = None) -> int:
    """The command; its exit code."""
    return run(execute, parse_args(argv))
