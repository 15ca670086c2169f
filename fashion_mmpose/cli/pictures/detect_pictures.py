"""Find the boxes of garments in any pictures and videos.

Usage:
    fashion-mmpose detect pictures INPUT... --out-dir DIR
        [--det CONFIG CHECKPOINT | FILE.onnx | FOLDER] [--category NAME]
        [--bbox-thr T] [--max-overlap T] [--batch-size B] [--device D]
        [--save-vis [--fps N]] [--skip-bad] [--shard I/N]
        [--format parquet [--part-size N] [--engine ray, and the options --ray-...]]

An INPUT is what `fashion-mmpose predict` takes: pictures, folders, lists, tables,
archives, videos. Without --det the starter's detector finds them, which onnxruntime
runs, or PyTorch without that. `fashion-mmpose detect` is for the pictures of a COCO
file, and for `test --bbox-file`.

DIR gets predictions.json, a COCO result list of boxes that names the pictures, and with
--save-vis drawn/, the pictures with their boxes. --format parquet writes parts in its
place, each complete or absent: the same command goes on after an interruption, --shard
0/4 to 3/4 share the parts out, and `fashion-mmpose merge DIR` makes one file of them.
Their rows are those of `predict`, without key points. Pictures that cannot be read are
listed at the end, and the exit code is 1 unless --skip-bad is given.
"""

import argparse
import sys

from fashion_mmpose.cli.options.networks import (
    add_network_options,
    check_inputs,
    check_network_options,
    with_pairs,
)
from fashion_mmpose.cli.options.scale import PARQUET
from fashion_mmpose.cli.shell import argument_parser, parse, run
from fashion_mmpose.files.writing.locks import locked_folder
from fashion_mmpose.inference.outputs.saving import PredictionFiles

from .in_parts import check_parts, execute_in_parts, in_parts
from .predict import MAX_FPS, report
from .running import LeftOut, exit_code, go_through, open_inputs, total_of


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = argument_parser(__doc__)
    add_network_options(parser, boxes_only=True)
    parser.add_argument(
        '--out-dir', required=True, metavar='DIR', help='folder of what is written'
    )
    parser.add_argument(
        '--save-vis', action='store_true', help='draw the pictures and videos'
    )
    parser.add_argument(
        '--fps',
        type=float,
        metavar='N',
        help="frames a second of drawn videos (by default the input's)",
    )
    parser.add_argument(
        '--format',
        nargs=1,
        choices=(PARQUET,),
        default=[],
        help='parquet: boxes in parts that a second call adds to',
    )
    of_lengths = dict.fromkeys(('spec', 'table', 'lens'))
    parser.set_defaults(
        save_json=True, measure=False, combine=False, track=False, **of_lengths
    )
    args = parse(parser, with_pairs(sys.argv[1:] if argv is None else argv))
    check_inputs(args, parser)
    check_network_options(args, parser)
    check_parts(args, parser, ('save_vis',))
    if args.fps is not None and not 0 < args.fps <= MAX_FPS:
        parser.error(f'--fps {args.fps}: must be above 0 and at most {MAX_FPS:g}')
    if args.fps is not None and not args.save_vis:
        parser.error('--fps is for what is drawn; give --save-vis, too')
    return args


def execute(args: argparse.Namespace) -> int:
    """Detect, save and report; the exit code."""
    if in_parts(args):
        return execute_in_parts(args, 'detect', False)
    left_aside: list[str] = []
    skipped = LeftOut()
    inferencer, sources = open_inputs(args, left_aside)
    files = PredictionFiles(
        args.out_dir, sources, with_drawn=args.save_vis, fps=args.fps
    )
    with locked_folder(args.out_dir):
        found = inferencer(list(sources.values()), args.category, on_error='skip')
        is_done = go_through(found, total_of(sources), 'detect', [files], skipped.add)
        skipped.write(args.out_dir, args.skip_bad)
    report(skipped, left_aside, files)
    return exit_code(is_done, not skipped.pictures or args.skip_bad)


def main(argv: list[str] | None = None) -> int:
    """The command; its exit code."""
    return run(execute, parse_args(argv))
