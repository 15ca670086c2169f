"""Read a dataset of FiftyOne from disk, as a COCO file or as a result list.

Usage:
    fashion-mmpose convert fiftyone DATASET/ --out GT.json [--field ground_truth]
        [--layout {own,full}] [--benchmark NAME]
    fashion-mmpose convert fiftyone DATASET/ --predictions --out PRED.json
        [--field predictions] [--benchmark NAME]

DATASET is a folder that FiftyOne has exported as FiftyOneDataset or
LegacyFiftyOneDataset, or that `convert export --to fiftyone` has written. --field is
the field of the boxes, whose key points are in a field with `_points` behind that name
and have the same `index`; or a field of key points, whose extent is the box then.
Labels are the benchmark's categories; points that are NaN are not labelled. What was
moved, added, labelled anew and deleted in FiftyOne is taken as it is there: boxes
without key points are garments whose points are not labelled, or no predictions.
"""

import argparse
import json
import os

from fashion_mmpose import garments
from fashion_mmpose.cli.shell import argument_parser, parse, run, warn
from fashion_mmpose.errors import FormatError
from fashion_mmpose.files.writing.faults import check_no_input
from fashion_mmpose.files.writing.locks import locked_file
from fashion_mmpose.files.writing.outputs import OutputFiles
from fashion_mmpose.formats.coco.results import write_predictions
from fashion_mmpose.formats.exchange.coco_layout import LAYOUTS, with_layout
from fashion_mmpose.formats.exchange.fiftyone import (
    METADATA,
    PREDICTIONS,
    SAMPLES,
    TRUTH,
)
from fashion_mmpose.formats.exchange.fiftyone_reading import (
    FiftyOneFolder,
    FiftyOneReader,
)


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = argument_parser(__doc__)
    parser.add_argument('folder', metavar='DATASET', help='folder of the dataset')
    parser.add_argument('--out', required=True, metavar='JSON', help='file to write')
    parser.add_argument(
        '--predictions', action='store_true', help='read predictions, as a result list'
    )
    parser.add_argument(
        '--field', metavar='NAME', help='field of the garments (ground_truth)'
    )
    parser.add_argument(
        '--layout',
        choices=LAYOUTS,
        default='own',
        help='whose key points a category has in GT.json (%(default)s)',
    )
    parser.add_argument(
        '--benchmark',
        metavar='NAME',
        help='fashionai, deepfashion2 or a description (as the dataset says)',
    )
    return parse(parser, argv)


def execute(args: argparse.Namespace) -> None:
    """Read, and write what was read."""
    own = (os.path.join(args.folder, name) for name in (SAMPLES, METADATA))
    check_no_input(args.out, [*own, args.benchmark])
    folder = FiftyOneFolder.read(args.folder)
    named = args.benchmark or folder.benchmark
    if named is None:
        raise FormatError(
            f'{args.folder} does not say whose garments these are; to fix it: name the '
            'benchmark with --benchmark'
        )
    whole = garments.benchmark(named)
    name = args.field or (PREDICTIONS if args.predictions else TRUTH)
    reader = FiftyOneReader.of(folder, whole, name)
    images = reader.images()
    _warn_of_bare_boxes(reader, args.predictions)
    if args.predictions:
        found = reader.results(images)
        with locked_file(args.out):
            write_predictions(args.out, found)
        print(f'{len(found)} predictions of {len(images)} pictures in {args.out}')
        return
    content = with_layout(reader.content(images), whole, args.layout, args.folder)
    with locked_file(args.out), OutputFiles() as outputs:
        json.dump(content, outputs.open(args.out))
    count = len(content['annotations'])
    print(f'{count} annotations of {len(images)} pictures in {args.out}')


def _warn_of_bare_boxes(reader: FiftyOneReader, is_predicted: bool) -> None:
    count = reader.left_out(is_predicted)
    if count:
        why = 'they may be those of key points without a box'
        if is_predicted:
            why = 'predictions have a place for every key point'
        warn(
            [
                f'{count} boxes without key points are left out: {why}; to fix it: '
                'give the box and the key points of a garment the same index'
            ]
        )


def main(argv: list[str] | None = None) -> int:
    """The command; its exit code."""
    return run(execute, parse_args(argv))
