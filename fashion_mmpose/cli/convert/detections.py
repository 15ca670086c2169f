"""Bring a garment detector's boxes into the form that `test` takes.

Usage:
    fashion-mmpose convert detections BOXES --ann-file GT.json \\
        --out boxes.json [--format auto|pickle|coco|mmdet|yolo|supervision] \\
        [--score-thr T] [--by-position] [--label-map 0=skirt 1=vest ...] \\
        [--skip-empty] [--benchmark FILE]

BOXES is one of

    pickle    the published HRNet system's: data[image][0][category], an array of x1,
              y1, x2, y2, score; its n-th entry is of image n, or, with --by-position,
              of the n-th image of GT.json. Nothing but lists, tuples, numbers and numpy
              arrays is read from it
    coco      a COCO result list, such as <prefix>.bbox.json of MMDetection's CocoMetric
              and Ultralytics' predictions.json
    mmdet     the folder preds/ of MMDetection's DetInferencer: a JSON per picture
    yolo      the folder labels/ that Ultralytics writes with save_txt=True and
              save_conf=True: a text file per picture, class x y w h score
    supervision   the CSV or JSON of supervision's sinks, with the picture's name as
              custom data, e.g. file_name, or its id, image_id

GT.json lists the images, whose order the boxes get; they may be named by their ids,
paths, file names or stems. A box of another image, of an unknown category, without an
area or outside of its picture is an error; so are boxes that are corners or fractions
where widths and pixels are expected. A detector whose categories are not
the benchmark's own, in their order, needs --label-map: its numbers (from 0; the
category_id of a COCO list) and the names that they stand for. Boxes of a benchmark of
your own need the file of its description, --benchmark.
"""

import argparse
import os
import sys

from fashion_mmpose.cli.shell import argument_parser, parse, run, warn
from fashion_mmpose.files.writing.locks import locked_file
from fashion_mmpose.formats.coco.images import read_images
from fashion_mmpose.formats.coco.results import write_predictions
from fashion_mmpose.formats.detectors import detections, other_tools
from fashion_mmpose.formats.detectors.result_list import ResultList, to_coco
from fashion_mmpose.garments import read_benchmark

READERS = {
    'coco': detections.read_coco,
    'mmdet': detections.read_mmdet,
    'yolo': other_tools.read_yolo,
    'supervision': other_tools.read_supervision,
}


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = argument_parser(__doc__)
    parser.add_argument('boxes', metavar='BOXES', help='file or folder of boxes')
    parser.add_argument(
        '--ann-file',
        required=True,
        metavar='GT.json',
        help='COCO file that lists the images',
    )
    parser.add_argument('--out', required=True, metavar='FILE', help='JSON to write')
    parser.add_argument(
        '--format',
        choices=('auto', *detections.FORMATS),
        default='auto',
        help='form of the boxes (by default what their name says)',
    )
    parser.add_argument(
        '--score-thr',
        type=float,
        metavar='T',
        help='leave out boxes of lower scores (all are kept)',
    )
    parser.add_argument(
        '--by-position',
        action='store_true',
        help='pickle: the n-th entry is of the n-th image of GT.json',
    )
    parser.add_argument(
        '--label-map',
        type=_label,
        nargs='+',
        metavar='N=NAME',
        help="which category a number of the detector's stands for, e.g. 0=skirt",
    )
    parser.add_argument(
        '--benchmark',
        metavar='FILE',
        help='description of your own benchmark (JSON or YAML); the built-in ones need '
        'none',
    )
    parser.add_argument(
        '--skip-empty',
        action='store_true',
        help='leave out boxes without an area, and count them',
    )
    args = parse(parser, argv)
    labels = [label for label, _ in args.label_map or ()]
    if len(set(labels)) < len(labels):
        parser.error(f'--label-map names a number twice: {labels}')
    return args


def _label(text: str) -> tuple[int, str]:
    number, equals, name = text.partition('=')
    if not (number.isdecimal() and equals and name):
        raise argparse.ArgumentTypeError(f'{text!r} is not like 0=skirt')
    return int(number), name


def convert(args: argparse.Namespace) -> ResultList:
    """Read and check the boxes."""
    described = None if args.benchmark is None else read_benchmark(args.benchmark)
    images = read_images(args.ann_file, described, os.sep)  # which are not opened
    kind = args.format
    if kind == 'auto':
        kind = detections.guess_format(args.boxes)
    label_map = dict(args.label_map) if args.label_map else None
    if args.by_position and kind != 'pickle':
        raise ValueError('--by-position is for pickles; other forms name their images')
    if kind == 'pickle':
        found = detections.read_pickle(args.boxes, images, args.by_position, label_map)
    else:
        found = READERS[kind](args.boxes, images, label_map)
    return to_coco(args.boxes, found, images, args.score_thr, args.skip_empty)


def execute(args: argparse.Namespace) -> None:
    """Convert, and print how many boxes were written and left out."""
    with locked_file(args.out, [args.boxes, args.ann_file, args.benchmark]):
        done = convert(args)
        write_predictions(args.out, done.results)
    warn(done.notes)
    num_images = len({result['image_id'] for result in done.results})
    if done.num_empty:
        print(
            f'warning: {done.num_empty} boxes without an area in their picture left '
            'out',
            file=sys.stderr,
        )
    print(f'{len(done.results)} boxes of {num_images} images: {args.out}')


def main(argv: list[str] | None = None) -> int:
    """The command; its exit code."""
    return run(execute, parse_args(argv))
