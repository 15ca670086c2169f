"""Train a network.

Usage:
    fashion-mmpose train CONFIG [--data-root DIR] [--work-dir DIR] [--resume [CKPT]]
        [--override] [--amp] [--auto-scale-lr] [--no-validate]
        [--skip-bad] [--cfg-options KEY=VALUE ...]
    torchrun --nproc_per_node=N -m fashion_mmpose train CONFIG --launcher pytorch

CONFIG is a path, or the name of a config that the package carries, such as
cpn_r152_fashionai_blouse. --cfg-options load_from=WHERE starts from weights: a file, or
a folder of networks that `fashion-mmpose publish` wrote, or its id on a model hub.
"""

import argparse

from fashion_mmpose.cli.shell import parse, run
from fashion_mmpose.config.loading import load_config
from fashion_mmpose.pretrained import names_folder

from .runs.data_root import add_data_root, set_data_root
from .runs.mmpose_options import set_no_validation
from .runs.running import (
    add_skip_bad,
    argument_parser,
    build_runner,
    leave_out_bad,
    locked_places,
    set_training,
)


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = argument_parser(__doc__)
    add_data_root(parser)
    parser.add_argument(
        '--resume',
        nargs='?',
        const='auto',
        metavar='CKPT',
        help='go on from a checkpoint; without a value from the last one',
    )
    parser.add_argument(
        '--override',
        action='store_true',
        help='where the checkpoint to resume has another learning rate, schedule, '
        'batch size or seed than the config, obey the config (stop)',
    )
    parser.add_argument('--amp', action='store_true', help='train in mixed precision')
    parser.add_argument(
        '--auto-scale-lr',
        action='store_true',
        help='scale the learning rate to the real batch size',
    )
    parser.add_argument(
        '--no-validate',
        action='store_true',
        help='train without validation; the last checkpoint is the result',
    )
    add_skip_bad(parser)
    return parse(parser, argv)


def execute(args: argparse.Namespace) -> None:
    """Train as the options say."""
    if args.override and args.resume is None:
        raise ValueError('--override is for a run that goes on: give --resume too')
    if names_folder(args.config):
        raise ValueError(
            f'{args.config} is a folder of networks, which say nothing of a training; '
            'to fix it: name a config, and start from the folder with --cfg-options '
            f'load_from={args.config}'
        )
    cfg = load_config(args.config, args.work_dir, args.cfg_options, args.launcher)
    set_data_root(cfg, args.data_root)
    set_training(cfg, args.resume, args.amp, args.auto_scale_lr)
    if args.no_validate:
        set_no_validation(cfg)
    with locked_places(args.launcher, cfg.work_dir):
        runner = build_runner(cfg)
        runner.override = args.override
        if args.skip_bad:
            leave_out_bad(runner)
        runner.train()


def main(argv: list[str] | None = None) -> int:
    """The command; its exit code."""
    stopped = 'stopped; the same command with --resume goes on from the last checkpoint'
    return run(execute, parse_args(argv), stopped)
