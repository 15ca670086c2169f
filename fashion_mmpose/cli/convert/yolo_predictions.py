"""Read what a YOLO pose network predicts, as a result list to score and to report.

Usage:
    fashion-mmpose convert yolo-predictions LABELS/ --ann-file GT.json --out PRED.json
        [--benchmark FILE]

LABELS/ holds the text files that Ultralytics saves with `save_txt=True save_conf=True`,
of a network that was trained on what `convert export GT.json --to yolo-pose` has
written: its classes are the categories that GT.json lists, in their order. Each has the
name of its picture, with or without the folders that the picture lies in; a name that
pictures of several folders have needs these.
"""

import argparse

from fashion_mmpose.cli.shell import argument_parser, parse, run, warn
from fashion_mmpose.files.writing.faults import check_no_input
from fashion_mmpose.files.writing.locks import locked_file
from fashion_mmpose.formats.coco.results import write_predictions
from fashion_mmpose.formats.exchange.yolo_pose import read_predictions

from .export import add_benchmark, image_list, sized


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = argument_parser(__doc__)
    parser.add_argument('labels', metavar='LABELS', help='folder of the text files')
    parser.add_argument(
        '--ann-file', required=True, metavar='GT.json', help='COCO file of the pictures'
    )
    parser.add_argument('--out', required=True, metavar='JSON', help='file to write')
    add_benchmark(parser)
    return parse(parser, argv)


def execute(args: argparse.Namespace) -> None:
    """Read, and write the result list."""
    check_no_input(args.out, [args.ann_file, args.benchmark])
    images, names = image_list(args.ann_file, args.benchmark)
    known = sized(images, args.ann_file)
    entries, strangers = read_predictions(args.labels, names, known)
    if strangers:
        warn([f'{strangers} text files are of no picture in {args.ann_file}, left out'])
    with locked_file(args.out):
        write_predictions(args.out, entries)
    print(f'{len(entries)} predictions written to {args.out}')


def main(argv: list[str] | None = None) -> int:
    """The command; its exit code."""
    return run(execute, parse_args(argv))
