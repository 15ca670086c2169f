"""Write a network as an ONNX file, which runs without PyTorch and MMPose.

Usage:
    fashion-mmpose export CONFIG [CHECKPOINT] --out pose.onnx
        [--heatmaps] [--no-verify] [--cfg-options KEY=VALUE ...]

CONFIG is a path, or the name of a config that the package carries; an ensemble, whose
members name their checkpoints, needs no CHECKPOINT. The file holds normalisation,
network, flip test and decoding, and says what it finds and how boxes are cut out, so
that `fashion-mmpose predict --pose pose.onnx` needs nothing else. Inputs are crops of
any number, of the colours that OpenCV gives (BGR).

Before the file is written, points in drawn garments are compared with PyTorch's, and
the largest difference is printed; --no-verify leaves that out.
"""

import argparse
import os

from fashion_mmpose.cli.shell import argument_parser, parse, run
from fashion_mmpose.config import load_config
from fashion_mmpose.export import export_pose
from fashion_mmpose.files.locks import locked_file
from fashion_mmpose.inference.onnx.session import SUFFIX

from .running import add_cfg_options


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = argument_parser(__doc__)
    parser.add_argument('config', help='path or name of a config')
    parser.add_argument(
        'checkpoint',
        nargs='?',
        help='checkpoint of the network; an ensemble names its own',
    )
    parser.add_argument(
        '--out', required=True, metavar='FILE', help='the file to write, *.onnx'
    )
    parser.add_argument(
        '--heatmaps',
        action='store_true',
        help='let the file give the heatmaps beside the points',
    )
    parser.add_argument(
        '--verify',
        action=argparse.BooleanOptionalAction,
        default=True,
        help='compare the file with PyTorch before it is written (by default it is)',
    )
    add_cfg_options(parser)
    args = parse(parser, argv)
    if not args.out.endswith(SUFFIX):
        parser.error(f'--out {args.out}: the name must end in {SUFFIX}')
    return args


def execute(args: argparse.Namespace) -> None:
    """Export, and print what was compared and written."""
    cfg = load_config(args.config, cfg_options=args.cfg_options)
    with locked_file(args.out):
        change = export_pose(cfg, args.checkpoint, args.out, args.heatmaps, args.verify)
    if change is not None:
        print(change)
    print(f'{args.out}: {os.path.getsize(args.out) / 1e6:.1f} MB')


def main(argv: list[str] | None = None) -> int:
    """The command; its exit code."""
    return run(execute, parse_args(argv))
