"""Score a prediction CSV against FashionAI's truth by normalized error.

Usage:
    fashion-mmpose score fashionai GT.csv PRED.csv [--category NAME ...] [--rule RULE]
        [--json FILE]

Both files are in the format of the challenge: 26 columns, with or without header,
in any order of rows. The tables give the error in per cent per category, overall and
per key point; the JSON file gives fractions. An image of GT.csv without a row in
PRED.csv costs 1.0 for each of its visible points. Categories of which
PRED.csv has no row and no image were not asked for: they are left out, unless
--category names them. An image
whose id is not in GT.csv, as `predict --save-csv` names it by its place below the
input, is that of the same last part, where that is the name of one image only. Ignored
and counted are rows of PRED.csv whose image is not in GT.csv, and rows whose category
is not that of GT.csv: like a detector's box of another category, they leave their image
without prediction.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from contextlib import nullcontext

import numpy as np

from fashion_mmpose import garments
from fashion_mmpose.cli.shell import argument_parser, parse, run
from fashion_mmpose.evaluation.functional.normalized_error import (
    RULES,
    match_predictions,
    normalized_error,
)
from fashion_mmpose.evaluation.functional.report import normalized_error_table
from fashion_mmpose.files.writing.locks import locked_file
from fashion_mmpose.files.writing.outputs import OutputFiles
from fashion_mmpose.formats.fashionai.tianchi import read_tianchi
from fashion_mmpose.formats.fashionai.tianchi_table import (
    asked_categories,
    by_last_part,
    coco_keypoints,
)


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = argument_parser(__doc__)
    parser.add_argument('gt', metavar='GT.csv', help='CSV file of the answers')
    parser.add_argument('pred', metavar='PRED.csv', help='CSV file of the predictions')
    parser.add_argument(
        '--category',
        nargs='+',
        choices=garments.categories('fashionai'),
        metavar='NAME',
        help='categories to score (those that PRED.csv has rows of)',
    )
    parser.add_argument(
        '--rule',
        choices=RULES,
        default='skip_short',
        help='what to do where the normaliser is missing (%(default)s)',
    )
    parser.add_argument(
        '--json', metavar='FILE', help='file to write the scores to, as fractions'
    )
    return parse(parser, argv)


def score(
    gt_path: str, pred_path: str, rule: str, categories: Sequence[str] | None = None
) -> tuple[dict, str]:
    """The scores as the JSON file has them, and the report to print."""
    gt = read_tianchi(gt_path)
    if gt.keypoints is None:
        raise ValueError(f'{gt_path}: lists images only; annotations are needed')
    pred = read_tianchi(pred_path, predictions=True)
    assert pred.keypoints is not None  # it refuses a list of images
    for warning in (*gt.warnings, *pred.warnings):
        print(f'warning: {warning}', file=sys.stderr)
    names, num_renamed = by_last_part(pred.image_ids, gt.image_ids)
    if num_renamed:
        print(
            f'{num_renamed} images of {pred_path} are found in {gt_path} by the last '
            f'part of their names'
        )
    matched = match_predictions(
        gt.image_ids,
        gt.categories,
        names,
        pred.categories,
        pred.keypoints[..., :2],
    )
    if not matched.answered.any():
        raise ValueError(
            f'{pred_path}: no row answers an image of {gt_path}; image ids (here '
            f'{pred.image_ids[0]!r}, there {gt.image_ids[0]!r}) and categories must be '
            'equal'
        )
    category_ids = {
        name: item.category_id
        for name, item in garments.benchmark('fashionai').garments.items()
    }
    asked = set(
        categories
        or asked_categories(gt.image_ids, gt.categories, names, pred.categories)
    )
    left_out = sorted({*gt.categories} - asked)
    rows = np.flatnonzero([name in asked for name in gt.categories])
    if not len(rows):
        raise ValueError(f'{gt_path}: it has no image of {", ".join(sorted(asked))}')
    result = normalized_error(
        matched.xy[rows],
        coco_keypoints(gt.keypoints[rows]),
        np.array([category_ids[gt.categories[row]] for row in rows]),
        matched.answered[rows],
        rule,
    )
    report = (
        f'{normalized_error_table(result)}\n'
        f'images skipped: {result.num_skipped_images}, without prediction: '
        f'{result.num_missing_images}\n'
        f'prediction rows ignored: {matched.num_ignored_rows} (unknown image: '
        f'{matched.num_unknown_rows}, other category: '
        f'{matched.num_other_category_rows})'
    )
    if left_out:
        report += f'\ncategories left out: {", ".join(left_out)}'
        if not categories:
            report += f' ({pred_path} has no row of them; --category scores them too)'
    return result.to_dict() | {'num_ignored_rows': matched.num_ignored_rows}, report


def execute(args: argparse.Namespace) -> None:
    """Score, and print the tables."""
    inputs = args.gt, args.pred
    with locked_file(args.json, inputs) if args.json else nullcontext():
        scores, report = score(args.gt, args.pred, args.rule, args.category)
        if args.json:
            with OutputFiles() as outputs:
                json.dump(scores, outputs.open(args.json), indent=2, allow_nan=False)
    print(report)


def main(argv: list[str] | None = None) -> int:
    """The command; its exit code."""
    return run(execute, parse_args(argv))
