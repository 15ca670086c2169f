"""Merge predictions of FashionAI's categories into a submission to Tianchi.

Usage:
    fashion-mmpose submit blouse.json skirt.json ... \\
        --ann-file annotations/test_b_blouse.json annotations/test_b_skirt.json ... \\
        --out submission.csv

The predictions are COCO result lists, as `test --out PRED.json` writes them,
of any number of networks, for one category or for all. The lists of images are the
COCO files that were tested, of one conversion; `<split>_all.json` serves for all
categories. The submission has 26 columns, a row per image in the order of these
files, or of the challenge's own list with --test-list. It is written only if every
image has a prediction of its category from one file; --allow-missing gives the others
the mean shape of their category's predictions and lists them on stderr.
"""

import argparse
import sys
from collections import Counter

from fashion_mmpose import garments
from fashion_mmpose.cli.shell import argument_parser, parse, run
from fashion_mmpose.files.writing.locks import locked_file
from fashion_mmpose.formats.coco.results import (
    check_pictures,
    first_few,
    named_pictures,
    read_predictions,
)
from fashion_mmpose.formats.fashionai.submission import (
    Submission,
    make_submission,
    order_images,
    read_images,
)
from fashion_mmpose.formats.fashionai.tianchi import read_tianchi


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = argument_parser(__doc__)
    parser.add_argument(
        'predictions', nargs='+', metavar='PRED.json', help='COCO result lists'
    )
    parser.add_argument(
        '--ann-file',
        nargs='+',
        required=True,
        metavar='IMAGES.json',
        help='COCO files that list the tested images',
    )
    parser.add_argument('--out', required=True, metavar='CSV', help='file to write')
    parser.add_argument(
        '--test-list', metavar='CSV', help="the challenge's list, for the order"
    )
    parser.add_argument(
        '--allow-missing',
        action='store_true',
        help='give images without prediction the mean shape of their category',
    )
    args = parse(parser, argv)
    twice = [path for path, n in Counter(args.predictions).items() if n > 1]
    if twice:
        parser.error(f'{first_few(twice)}: given twice')
    return args


def merge(args: argparse.Namespace) -> Submission:
    """Read, merge and write."""
    images = read_images(args.ann_file)
    if args.test_list is not None:
        test_list = read_tianchi(args.test_list)
        for warning in test_list.warnings:
            print(f'warning: {warning}', file=sys.stderr)
        images = order_images(images, test_list)
    predictions = {path: read_predictions(path) for path in args.predictions}
    for path, entries in predictions.items():
        listed = ((image['id'], image['file_name']) for image in images)
        check_pictures(path, named_pictures(entries), ', '.join(args.ann_file), listed)
    submission = make_submission(predictions, images, args.allow_missing)
    submission.write(args.out)
    return submission


def summary(submission: Submission) -> str:
    """A table with one line per category."""
    line = '{:<10} {:>8} {:>10} {:>10}'
    rows = Counter(submission.categories)
    filled = Counter(
        name for name, mean in zip(submission.categories, submission.filled) if mean
    )
    counts = [
        (name, rows[name], rows[name] - filled[name], filled[name])
        for name in garments.categories('fashionai')
        if rows[name]
    ]
    totals = [sum(column) for column in list(zip(*counts))[1:]]
    head = ('category', 'rows', 'predicted', 'mean shape')
    return '\n'.join(line.format(*row) for row in (head, *counts, ('all', *totals)))


def execute(args: argparse.Namespace) -> None:
    """Merge, and print what was written."""
    inputs = *args.predictions, *args.ann_file, args.test_list
    with locked_file(args.out, inputs):
        submission = merge(args)
    for image_id, mean in zip(submission.image_ids, submission.filled):
        if mean:
            print(
                f'warning: {image_id}: no prediction, filled with the mean shape',
                file=sys.stderr,
            )
    print(f'{summary(submission)}\nwritten to {args.out}')


def main(argv: list[str] | None = None) -> int:
    """The command; its exit code."""
    return run(execute, parse_args(argv))
