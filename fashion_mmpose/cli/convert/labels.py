"""Convert key points labelled in CVAT, Label Studio, labelme, ... to COCO JSON.

Usage:
    fashion-mmpose convert labels EXPORT --benchmark fashionai|deepfashion2|FILE \\
        --images DIR --out train.json [--mapping FILE] [--split-categories] \\
        [--format coco|cvat|label-studio|labelme|yolo] [--skip-bad]

EXPORT is one of

    coco          a COCO key point JSON: CVAT's "COCO Keypoints 1.0" and any other
    cvat          CVAT's XML, "CVAT for images 1.1": skeletons, alone or in a group with
                  a box of their label, or points and a box in a group
    label-studio  Label Studio's JSON: KeyPointLabels in RectangleLabels
    labelme       labelme's JSON files in a folder, or one of them: points and a
                  rectangle with one group_id
    yolo          data.yaml of YOLO's pose data, with kpt_shape and, best, kpt_names

A garment's label is its category. Categories and key points are matched with those of
the benchmark by their names: case, blanks, hyphens and underscores do not matter, nor
do ids and orders, and DeepFashion2's own names are known. Where names differ, --mapping
names a JSON or YAML file:

    categories: {Rock: skirt, Schuh: null}
    keypoints: {Taille links: waistband_left, Taille rechts: waistband_right}

null leaves something out. What matched is printed; categories that do not are left out
and counted. A labelled key point that its category does not have is an error, as is a
missing picture, one of another size, one file for two pictures, or a garment that
cannot be read; --skip-bad leaves such garments and pictures out and lists them. A
garment without a box gets the extent of its key points.
"""

import argparse
import os
from pathlib import Path

from fashion_mmpose import garments
from fashion_mmpose.cli.shell import argument_parser, parse, run, warn
from fashion_mmpose.files.folders import files_below
from fashion_mmpose.files.writing.faults import check_no_input
from fashion_mmpose.files.writing.locks import locked_file
from fashion_mmpose.formats.coco.results import first_few
from fashion_mmpose.formats.labels.conversion import Options, convert
from fashion_mmpose.formats.labels.entries import (
    CategoryReport,
    Converted,
    category_file,
    write,
)
from fashion_mmpose.formats.labels.matching import NameMap, read_name_map
from fashion_mmpose.formats.labels.pictures import PictureFolder
from fashion_mmpose.formats.labels.reading import FORMATS, read_labels


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = argument_parser(__doc__)
    parser.add_argument('export', metavar='EXPORT', help='what the tool has written')
    parser.add_argument(
        '--benchmark',
        required=True,
        metavar='NAME',
        help='fashionai, deepfashion2, or the JSON or YAML file of a description',
    )
    parser.add_argument('--out', required=True, metavar='FILE', help='JSON to write')
    parser.add_argument(
        '--images',
        metavar='DIR',
        help='folder of the pictures, from which file names are written, and whose '
        'sizes are compared (by default that of a YOLO or labelme export)',
    )
    parser.add_argument(
        '--format', choices=FORMATS, help='form of EXPORT (by default what it holds)'
    )
    parser.add_argument(
        '--split', metavar='NAME', help='yolo: train, val or test of data.yaml'
    )
    parser.add_argument(
        '--mapping', metavar='FILE', help='JSON or YAML of names that differ'
    )
    parser.add_argument(
        '--category',
        metavar='NAME',
        help="the benchmark's category of garments that have none in the tool",
    )
    parser.add_argument(
        '--split-categories',
        action='store_true',
        help='also write one file per category with its own key points',
    )
    parser.add_argument(
        '--bbox',
        choices=['tool', 'keypoints'],
        default='tool',
        help="box of a garment: the tool's (default), or the extent of its points",
    )
    parser.add_argument(
        '--margin',
        type=int,
        default=10,
        metavar='PX',
        help='pixels by which the extent is grown (10)',
    )
    parser.add_argument(
        '--skip-bad',
        action='store_true',
        help='leave out bad garments and missing pictures, and list them',
    )
    args = parse(parser, argv)
    if args.margin < 0:
        parser.error(f'--margin {args.margin}: must not be negative')
    return args


def report_table(reports: list[CategoryReport]) -> str:
    """A table with one line per category of the tool."""
    rows = [('in the export', 'category', 'garments', 'v=2', 'v=1', 'key points found')]
    for report in reports:
        total = len(report.found) + len(report.missing)
        found = f'{len(report.found)} of {total}' if report.category else report.hint
        rows.append(
            (
                report.label or '(none)',
                report.category or '-',
                str(report.garments),
                str(report.labelled[2]),
                str(report.labelled[1]),
                found,
            )
        )
    widths = [max(len(row[i]) for row in rows) for i in range(2)]
    line = f'{{:<{widths[0]}}}  {{:<{widths[1]}}} {{:>8}} {{:>8}} {{:>8}}  {{}}'
    return '\n'.join(line.format(*row) for row in rows)


def remarks(done: Converted) -> list[str]:
    """What a user should look at."""
    lines = list(done.notes)
    for report in done.report.values():
        name = report.label or 'garments without a category'
        if report.category and report.missing:
            lines.append(
                f'{name}: the export has no {first_few(report.missing)}; what it does '
                'not have stays unlabelled'
            )
        if report.unused:
            unused = first_few(report.unused)
            lines.append(f'{name}: not used, since no category has it: {unused}')
        if report.category is None and report.garments:
            lines.append(f'{name}: {report.garments} garments {report.hint}')
    if done.own_boxes:
        lines.append(f'{done.own_boxes} boxes made from key points')
    return lines


def execute(args: argparse.Namespace) -> None:
    """Convert, and print what matched and what was left out."""
    inputs = [args.export, args.mapping, args.benchmark]
    check_no_input(args.out, inputs)
    benchmark = garments.benchmark(args.benchmark)
    outs = [args.out]
    if args.split_categories:
        outs += [category_file(args.out, name) for name in benchmark.garments]
    if os.path.isdir(args.export):  # of labelme's files, which may be very many
        held = {*map(os.path.realpath, files_below(args.export, {'.json'}))}
        inputs += held & {*map(os.path.realpath, outs)}
    for out in outs:
        check_no_input(out, inputs)
    if args.category is not None:
        garments.garment(benchmark, args.category)
    names = read_name_map(args.mapping, benchmark) if args.mapping else NameMap()
    labels = read_labels(args.export, args.format, args.split, skip_bad=args.skip_bad)
    folder = args.images or labels.folder
    pictures = PictureFolder(folder) if folder else None
    options = Options(args.category, args.bbox, args.margin, args.skip_bad)
    with locked_file(args.out):
        done = convert(labels, benchmark, names, pictures, options)
        files = write(done, benchmark, args.out, args.split_categories)
    warn(remarks(done))
    # Trainings of single categories would take them.
    others = [path for path in map(Path, outs) if path not in files and path.exists()]
    warn([f'{path} is of another run, and stays as it was' for path in others])
    if pictures is None:
        warn(['the pictures were not looked at; --images DIR compares their sizes'])
    print(report_table(list(done.report.values())), end='\n\n')
    count = sum(map(len, done.items))
    more = f' and {len(files) - 1} more' if files[1:] else ''
    print(f'{len(done.images)} pictures, {count} garments: {files[0]}{more}')


def main(argv: list[str] | None = None) -> int:
    """The command; its exit code."""
    return run(execute, parse_args(argv))
