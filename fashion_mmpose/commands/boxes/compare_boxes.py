"""Test a network in annotated boxes, in detectors' boxes and in whole images.

Usage:
    fashion-mmpose compare-boxes CONFIG [CHECKPOINT] --bbox-file BOXES.json ...
        [--json FILE] [--work-dir DIR] [--cfg-options KEY=VALUE ...]

CONFIG is a path, or the name of a config that the package carries. BOXES.json is
written by `detect`; several are compared with each other. Prints a table: what
the boxes cost, and what there is to win with a better detector.
"""

import argparse
import json

from mmengine.dist import is_main_process

from fashion_mmpose.cli.shell import parse, run
from fashion_mmpose.commands.runs.data_root import add_data_root, set_data_root
from fashion_mmpose.commands.runs.running import (
    argument_parser,
    locked_places,
    take_folder,
)
from fashion_mmpose.config.loading import load_config
from fashion_mmpose.engine.hooks.metrics_file import plain_metrics
from fashion_mmpose.files.writing.faults import check_no_input
from fashion_mmpose.files.writing.outputs import OutputFiles

from .box_comparison import box_sources, compare_boxes, comparison_table


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = argument_parser(__doc__)
    parser.add_argument(
        'checkpoint',
        nargs='?',
        help='checkpoint of the network; an ensemble, and a folder of networks in the '
        'place of CONFIG, have their own',
    )
    add_data_root(parser)
    parser.add_argument(
        '--bbox-file',
        nargs='+',
        default=[],
        metavar='BOXES.json',
        help='boxes of detectors, as COCO result lists',
    )
    parser.add_argument('--json', metavar='FILE', help='file to write all scores to')
    return parse(parser, argv)


def execute(args: argparse.Namespace) -> None:
    """Compare, and print the table."""
    take_folder(args, is_detector=False)
    cfg = load_config(args.config, args.work_dir, args.cfg_options, args.launcher)
    set_data_root(cfg, args.data_root)
    sources = box_sources(args.bbox_file)
    files = [args.json] if args.json else []
    for path in files:
        check_no_input(path, args.bbox_file)
    with locked_places(args.launcher, cfg.work_dir, files):
        metrics = compare_boxes(cfg, args.checkpoint, sources)
        if not is_main_process():
            return
        if args.json:
            with OutputFiles() as outputs:
                content = {name: plain_metrics(own) for name, own in metrics.items()}
                json.dump(content, outputs.open(args.json), indent=2, allow_nan=False)
    print(comparison_table(metrics))


def main(argv: list[str] | None = None) -> int:
    """The command; its exit code."""
    return run(execute, parse_args(argv))
