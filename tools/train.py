"""Train a network.

Usage:
    python tools/train.py CONFIG [--work-dir DIR] [--resume [CKPT]] [--amp]
        [--auto-scale-lr] [--cfg-options KEY=VALUE ...]
    torchrun --nproc_per_node=N tools/train.py CONFIG --launcher pytorch

CONFIG is a path, or the name of a config that the package carries, such as
cpn_r152_fashionai_blouse.
"""

import argparse
import sys

from fashion_mmpose.commands.running import argument_parser, build_runner, set_training
from fashion_mmpose.config import load_config
from fashion_mmpose.weights.read import WeightsError


def parse_args(argv=None) -> argparse.Namespace:
    parser = argument_parser(__doc__)
    parser.add_argument(
        '--resume',
        nargs='?',
        const='auto',
        metavar='CKPT',
        help='go on from a checkpoint; without a value from the last one',
    )
    parser.add_argument('--amp', action='store_true', help='mixed precision (GPU)')
    parser.add_argument(
        '--auto-scale-lr',
        action='store_true',
        help='scale the learning rate to the real batch size',
    )
    return parser.parse_args(argv)


def main(argv=None) -> int:
    args = parse_args(argv)
    try:
        cfg = load_config(args.config, args.work_dir, args.cfg_options, args.launcher)
        set_training(cfg, args.resume, args.amp, args.auto_scale_lr)
        runner = build_runner(cfg)
    except (FileNotFoundError, ImportError, RuntimeError, ValueError) as error:
        print(f'error: {error}', file=sys.stderr)
        return 1
    try:
        runner.train()
    except WeightsError as error:
        print(f'error: {error}', file=sys.stderr)
        return 1
    return 0


if __name__ == '__main__':
    sys.exit(main())
