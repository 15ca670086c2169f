"""Score a landmark result file by the official numbers of DeepFashion2.

Usage:
    fashion-mmpose score deepfashion2 GT.json RESULTS.json [--json FILE]
        [--visible-only]

GT.json is a COCO file, as data_converters/deepfashion2_to_coco.py writes it; the
published HRNet system's files are taken as well. RESULTS.json is the official result
list, of any tool: entries with image_id, category_id, score and 294 times x, y, v. The
numbers are COCO's: average precision and recall over object key point similarity, at
most 20 results per image and category, a mean over the categories.
"""

import argparse
import json
from contextlib import nullcontext

from fashion_mmpose.cli.shell import argument_parser, parse, run, warn
from fashion_mmpose.evaluation.functional.oks import OKSResult, score_files
from fashion_mmpose.evaluation.functional.report import oks_table
from fashion_mmpose.files.writing.locks import locked_file
from fashion_mmpose.files.writing.outputs import OutputFiles


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = argument_parser(__doc__)
    parser.add_argument('gt', metavar='GT.json', help='COCO file of the annotations')
    parser.add_argument('results', metavar='RESULTS.json', help='official result list')
    parser.add_argument('--json', metavar='FILE', help='file to write the numbers to')
    parser.add_argument(
        '--visible-only',
        action='store_true',
        help='count occluded landmarks as not labelled',
    )
    return parse(parser, argv)


def content(score: OKSResult) -> dict:
    """What the JSON file holds."""
    per_category = {
        name: {'num_garments': score.num_garments[name], **numbers}
        for name, numbers in score.per_category.items()
    }
    return {**score.numbers, 'per_category': per_category}


def execute(args: argparse.Namespace) -> None:
    """Score, and print the numbers."""
    inputs = args.gt, args.results
    with locked_file(args.json, inputs) if args.json else nullcontext():
        score = score_files(args.gt, args.results, args.visible_only)
        if args.json:
            with OutputFiles() as outputs:
                json.dump(content(score), outputs.open(args.json), indent=2)
    for name, value in score.numbers.items():
        print(f'{name:<6} {value:.6f}')
    print(oks_table(score))
    warn(score.notes)


def main(argv: list[str] | None = None) -> int:
    """The command; its exit code."""
    return run(execute, parse_args(argv))
