"""Test a network, and write and draw what it predicts.

Usage:
    fashion-mmpose test CONFIG [CHECKPOINT] [--data-root DIR] [--bbox-file BOXES.json]
        [--bbox-thr T] [--out PRED.json PRED.csv] [--report HTML] [--show-dir DIR]
        [--dump FILE.pkl] [--show [--interval N] [--wait-time SECONDS]] [--work-dir DIR]
        [--skip-bad] [--cfg-options KEY=VALUE ...]
    torchrun --nproc_per_node=N -m fashion_mmpose test CONFIG CHECKPOINT \\
        --launcher pytorch

CONFIG is a path, or the name of a config that the package carries. An ensemble, whose
members name their checkpoints, needs no CHECKPOINT. Nor does a folder of networks, or
its id on a model hub, in the place of CONFIG, whose data are in --data-root. --out
writes a COCO result list (.json) and the Tianchi submission (.csv, FashionAI only).
--report writes one page on what goes wrong, as the command `report` does. Logs and the
metrics, metrics.json, are in --work-dir, by default the folder test/ in the config's
work folder.
"""

import argparse
import os

from fashion_mmpose.cli.shell import parse, run
from fashion_mmpose.config.loading import load_config
from fashion_mmpose.engine import MetricsFileHook

from .runs.data_root import add_data_root, set_data_root
from .runs.mmpose_options import add_test_options, set_test_options
from .runs.reporting import add_report, report_out_files, tested_dataset, write_report
from .runs.running import (
    add_skip_bad,
    argument_parser,
    build_runner,
    check_show_dir,
    leave_out_bad,
    locked_places,
    set_bbox_thr,
    set_testing,
    take_folder,
)


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
        metavar='JSON',
        help='boxes of a detector, as a COCO result list (annotated boxes)',
    )
    parser.add_argument(
        '--bbox-thr',
        type=float,
        metavar='T',
        help='lowest score of the boxes of --bbox-file that are tested (0)',
    )
    parser.add_argument(
        '--out',
        nargs='+',
        metavar='FILE',
        help='JSON and CSV files to write the predictions to',
    )
    add_report(parser)
    parser.add_argument(
        '--show-dir', metavar='DIR', help='folder to draw the predictions into'
    )
    add_skip_bad(parser)
    add_test_options(parser)
    return parse(parser, argv)


def execute(args: argparse.Namespace) -> None:
    """Test as the options say."""
    take_folder(args)
    cfg = load_config(args.config, args.work_dir, args.cfg_options, args.launcher)
    set_data_root(cfg, args.data_root)
    if args.work_dir is None:
        cfg.work_dir = os.path.join(cfg.work_dir, 'test')
    out_files = report_out_files(args, cfg)
    set_testing(cfg, args.checkpoint, args.bbox_file, out_files, args.show_dir)
    set_bbox_thr(cfg, args.bbox_thr)
    set_test_options(cfg, args)
    files = [*out_files, *([args.report] if args.report else [])]
    with locked_places(args.launcher, cfg.work_dir, files):
        runner = build_runner(cfg, testing=True)
        if args.skip_bad:  # before anything builds the data set
            leave_out_bad(runner)
        if args.report:
            tested_dataset(runner)
        if args.show_dir is not None:
            check_show_dir(runner, args.show_dir)
        runner.register_hook(MetricsFileHook())
        runner.test()
        if args.report:
            write_report(runner, args.report, out_files)


def main(argv: list[str] | None = None) -> int:
    """The command; its exit code."""
    return run(execute, parse_args(argv))
