"""Measure garments in pictures: their lengths in centimetres, and how sure they are.

Usage:
    fashion-mmpose measure INPUT... --out-dir DIR
        [--marker CM | --board COLUMNS ROWS SQUARE MARKER | --sheet NAME |
         --px-per-cm PIXELS [ERROR] | --known-length POINT POINT CM |
         --known-points X1 Y1 X2 Y2 CM]
        [--dictionary NAME] [--lens FILE] [--table FILE] [--spec FILE] [--combine]
        [--min-score T] [--format {csv,json,xlsx}... | parquet] [--save-vis]
        [--shard I/N] [--part-size N]
        [the networks' options of `fashion-mmpose predict`]

An INPUT is what `fashion-mmpose predict` takes; without networks the starter finds the
garments. What tells centimetres lies in each picture beside the garment, as flat as it;
its plane also takes the perspective off. Without it lengths are pixels, and ratios to
another length.

DIR gets measurements.csv, .json and .xlsx with a row for each length, its error (a
standard deviation; with a calibrated network the scale of Student's t-distribution) and
the limits between which it lies with a probability of 95 %; and measured/, the pictures
with measuring lines. With a specification sheet a row says
PASS, FAIL, or UNSURE where the interval lies across a limit. Pictures in which nothing
tells centimetres, garments whose category has not the key points of --known-length, and
pictures that cannot be read, are listed at the end, and the exit code is 1 unless
--skip-bad is given. --format parquet writes garments and lengths in parts that the same
command adds to, as of `fashion-mmpose predict`.
"""

import argparse
import sys

from fashion_mmpose.catalogue.shards import read_shard
from fashion_mmpose.cli.options.networks import (
    add_network_options,
    check_inputs,
    check_network_options,
    with_pairs,
)
from fashion_mmpose.cli.options.scale import (
    add_scale_options,
    complete_scale_options,
    measuring_files,
    report_lengths,
)
from fashion_mmpose.cli.shell import argument_parser, parse, run
from fashion_mmpose.files.writing.locks import locked_folder

from .in_parts import check_parts, execute_in_parts, in_parts
from .running import (
    LeftOut,
    exit_code,
    go_through,
    open_inputs,
    report_left_out,
    total_of,
)


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = argument_parser(__doc__)
    add_network_options(parser)
    parser.add_argument(
        '--out-dir', required=True, metavar='DIR', help='folder of what is written'
    )
    parser.add_argument(
        '--save-vis', action='store_true', help='draw the pictures with measuring lines'
    )
    add_scale_options(parser)
    args = parse(parser, with_pairs(sys.argv[1:] if argv is None else argv))
    check_inputs(args, parser)
    check_network_options(args, parser)
    complete_scale_options(args)
    check_parts(args, parser, ('save_vis', 'combine', 'spec'))
    return args


def execute(args: argparse.Namespace) -> int:
    """Measure, save and report; the exit code."""
    if in_parts(args):
        return execute_in_parts(args, 'measure', True)
    left_aside: list[str] = []
    skipped = LeftOut()
    inferencer, sources = open_inputs(args, left_aside)
    lengths = measuring_files(args, inferencer, sources)
    with locked_folder(args.out_dir):
        predicted = inferencer(list(sources.values()), args.category, on_error='skip')
        total = total_of(sources)
        is_done = go_through(predicted, total, 'measure', [lengths], skipped.add)
        skipped.write(args.out_dir, args.skip_bad)
    report_left_out(left_aside, skipped)
    report_lengths(lengths, read_shard(args.shard).count > 1)
    print(f'written to {args.out_dir}')
    is_whole = not skipped.pictures and not lengths.in_pixels
    return exit_code(is_done, is_whole or args.skip_bad)


def main(argv: list[str] | None = None) -> int:
    """The command; its exit code."""
    return run(execute, parse_args(argv))
