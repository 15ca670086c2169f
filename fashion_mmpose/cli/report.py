"""Say in one HTML file what goes wrong in a run, or how two runs differ.

Usage:
    fashion-mmpose report PRED.json --ann-file GT.json --out report.html
        [--compare OTHER.json] [--images DIR] [--work-dir DIR]
        [--benchmark FILE] [--rule RULE] [--calibration FILE [OTHER_FILE]]

PRED.json is a result list of any tool: DeepFashion2's official form, or what
`test --out` writes; GT.json is the COCO file of the same pictures. FashionAI's CSV
files, predictions and answers, are taken as well. The page holds the numbers with their
intervals, what each type of error costs, tables of categories and landmarks, charts,
and the worst garments drawn with truth and prediction. It needs no connection.
"""

import argparse
import os

from fashion_mmpose.cli.shell import argument_parser, parse, run, warn
from fashion_mmpose.evaluation.functional.errors import NEMeasure
from fashion_mmpose.evaluation.functional.normalized_error import RULES
from fashion_mmpose.files.writing.locks import locked_file
from fashion_mmpose.files.writing.outputs import OutputFiles
from fashion_mmpose.measure.uncertainty.calibration import read_calibration
from fashion_mmpose.report.charts.plotting import require_plotly
from fashion_mmpose.report.material import CSV, read_material, with_curves
from fashion_mmpose.report.page import report_page, require_jinja
from fashion_mmpose.report.training import read_training


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = argument_parser(__doc__)
    parser.add_argument(
        'predictions', metavar='PRED.json', help='result list, or CSV of FashionAI'
    )
    parser.add_argument(
        '--ann-file',
        required=True,
        metavar='GT.json',
        help='COCO file of the annotations, or CSV of FashionAI',
    )
    parser.add_argument(
        '--out', required=True, metavar='HTML', help='file to write the report to'
    )
    parser.add_argument(
        '--compare',
        metavar='OTHER.json',
        help='predictions of another run on the same pictures',
    )
    parser.add_argument('--images', metavar='DIR', help='folder of the pictures')
    parser.add_argument(
        '--work-dir',
        metavar='DIR',
        help='work folder of the training, for curves, config and environment',
    )
    parser.add_argument(
        '--benchmark',
        metavar='FILE',
        help='description of the benchmark, for one that is not built in',
    )
    parser.add_argument(
        '--rule',
        choices=RULES,
        help="what FashionAI's error does without normaliser (skip_short)",
    )
    parser.add_argument(
        '--calibration',
        nargs='+',
        default=[],
        metavar='FILE',
        help='calibration of the network, and of the other one: are its probabilities '
        'what they promise?',
    )
    args = parse(parser, argv)
    if len(args.calibration) > 1 + (args.compare is not None):
        parser.error('--calibration takes one file for each run')
    if args.benchmark is not None and args.ann_file.lower().endswith(CSV):
        parser.error(f'--benchmark: {args.ann_file} is of FashionAI')
    return args


def execute(args: argparse.Namespace) -> None:
    """Judge, and write the report."""
    require_plotly()
    require_jinja()
    if args.images is not None and not os.path.isdir(args.images):
        raise FileNotFoundError(f'{args.images} does not exist, or is not a folder')
    predictions = [args.predictions]
    if args.compare is not None:
        predictions.append(args.compare)
    inputs = *predictions, args.ann_file, *args.calibration
    with locked_file(args.out, inputs):
        rule = args.rule or 'skip_short'
        material = read_material(
            args.ann_file, predictions, args.benchmark, rule, args.images
        )
        if args.rule is not None and not isinstance(material.measure, NEMeasure):
            raise ValueError(
                f'--rule is of the normalized error, and {args.ann_file} is judged by '
                'the similarity of key points; to fix it: leave it out'
            )
        fitted = [(each, read_calibration(each)) for each in args.calibration]
        material = with_curves(material, fitted)
        training = None if args.work_dir is None else read_training(args.work_dir)
        page = report_page(material, args.images, training)
        with OutputFiles() as outputs:
            outputs.open(args.out).write(page.html)
    warn(page.notes)
    print(f'report written to {args.out}')


def main(argv: list[str] | None = None) -> int:
    """The command; its exit code."""
    return run(execute, parse_args(argv))
