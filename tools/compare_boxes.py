"""Test a pose network in annotated boxes, in detectors' boxes and in whole images.

Usage:
    python tools/compare_boxes.py CONFIG [CHECKPOINT] --bbox-file BOXES.json ...
        [--json FILE] [--work-dir DIR] [--cfg-options KEY=VALUE ...]

CONFIG is a path, or the name of a config that the package carries. BOXES.json is
written by tools/detect.py; several are compared with each other. Prints a table: what
the boxes cost, and what there is to win with a better detector.
"""

import argparse
import json
import sys

from mmengine.dist import is_main_process

from fashion_mmpose.commands.box_comparison import (
    box_sources,
    compare_boxes,
    comparison_table,
)
from fashion_mmpose.commands.running import argument_parser
from fashion_mmpose.config import load_config
from fashion_mmpose.files.outputs import OutputFiles


def parse_args(argv=None) -> argparse.Namespace:
    parser = argument_parser(__doc__)
    parser.add_argument(
        'checkpoint', nargs='?', help='weights; an ensemble names its own'
    )
    parser.add_argument(
        '--bbox-file',
        nargs='+',
        default=[],
        metavar='BOXES.json',
        help='detector boxes, COCO result lists',
    )
    parser.add_argument('--json', metavar='FILE', help='write all scores')
    return parser.parse_args(argv)


def main(argv=None) -> int:
    args = parse_args(argv)
    try:
        cfg = load_config(args.config, args.work_dir, args.cfg_options, args.launcher)
        sources = box_sources(args.bbox_file)
        metrics = compare_boxes(cfg, args.checkpoint, sources)
        if args.json and is_main_process():
            with OutputFiles() as outputs:
                json.dump(metrics, outputs.open(args.json), indent=2)
    except (ImportError, OSError, RuntimeError, TypeError, ValueError) as error:
        print(f'error: {error}', file=sys.stderr)
        return 1
    if is_main_process():
        print(comparison_table(metrics))
    return 0


if __name__ == '__main__':
    sys.exit(main())
