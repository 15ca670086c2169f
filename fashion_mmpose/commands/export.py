"""Write a network as an ONNX file, which runs without PyTorch and MMPose.

Usage:
    fashion-mmpose export CONFIG [CHECKPOINT] --out pose.onnx
        [--half | --int8] [--heatmaps] [--no-verify] [--cfg-options KEY=VALUE ...]

CONFIG is a path, or the name of a config that the package carries; an ensemble, whose
members name their checkpoints, needs no CHECKPOINT. The file of a pose network holds
normalisation, network, flip test and decoding; that of a detector (RTMDet, RetinaNet)
all but the suppression, which is done in numpy. It says what it finds and how pictures
become its input, so that `fashion-mmpose predict --pose pose.onnx --det det.onnx` needs
nothing else. Inputs are of any number, in the colours that OpenCV gives (BGR).

Before the file is written, what it finds in drawn pictures is compared with PyTorch,
and the largest differences are printed; --no-verify leaves that out. --half keeps the
weights in half precision, which halves the file; --int8 quantizes the convolutions
before the head, which is slower than it is small on many processors: measure it.
"""

import argparse
import os

from fashion_mmpose.cli.shell import argument_parser, parse, run
from fashion_mmpose.config.loading import load_config
from fashion_mmpose.config.parts import is_detector
from fashion_mmpose.export import export_network
from fashion_mmpose.export.reduced import FLOAT16, FLOAT32, INT8
from fashion_mmpose.files.writing.locks import locked_file
from fashion_mmpose.inference.onnx.session import SUFFIX, is_onnx

from .runs.running import add_cfg_options, take_folder


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = argument_parser(__doc__)
    parser.add_argument('config', help='path or name of a config')
    parser.add_argument(
        'checkpoint',
        nargs='?',
        help='checkpoint of the network; an ensemble, and a folder of networks in the '
        'place of CONFIG, have their own',
    )
    parser.add_argument(
        '--out', required=True, metavar='FILE', help='the file to write, *.onnx'
    )
    numbers = parser.add_mutually_exclusive_group()
    for option, kind, what in (
        ('--half', FLOAT16, 'keep the weights in half precision'),
        ('--int8', INT8, 'quantize the convolutions before the head'),
    ):
        numbers.add_argument(
            option, dest='numbers', action='store_const', const=kind, help=what
        )
    parser.set_defaults(numbers=FLOAT32)
    parser.add_argument(
        '--heatmaps',
        action='store_true',
        help='let the file of a pose network give the heatmaps beside the points',
    )
    parser.add_argument(
        '--verify',
        action=argparse.BooleanOptionalAction,
        default=True,
        help='compare the file with PyTorch before it is written (by default it is)',
    )
    add_cfg_options(parser)
    args = parse(parser, argv)
    if not is_onnx(args.out):
        parser.error(f'--out {args.out}: the name must end in {SUFFIX}')
    return args


def execute(args: argparse.Namespace) -> None:
    """Export, and print what was compared and written."""
    take_folder(args)
    cfg = load_config(args.config, cfg_options=args.cfg_options)
    if args.heatmaps and is_detector(cfg):
        raise ValueError(f'--heatmaps: {args.config} is a detector, which has none')
    with locked_file(args.out):
        change = export_network(
            cfg, args.checkpoint, args.out, args.heatmaps, args.verify, args.numbers
        )
    if change is not None:
        print(change)
    print(f'{args.out}: {os.path.getsize(args.out) / 1e6:.1f} MB')


def main(argv: list[str] | None = None) -> int:
    """The command; its exit code."""
    return run(execute, parse_args(argv))
