"""Run a Python script, e.g. one of MMPose's, with this plugin registered.

Usage:
    fashion-mmpose run SCRIPT [ARGUMENTS]
    torchrun --nproc_per_node=N -m fashion_mmpose run SCRIPT [ARGUMENTS]

The script gets its arguments as they are, and ends as it would under ``python SCRIPT
[ARGUMENTS]``, with its own exit code and errors.
"""

import argparse
import os
import runpy
import sys

from fashion_mmpose import interrupts
from fashion_mmpose.cli.shell import argument_parser


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = argument_parser(__doc__)
    parser.add_argument('script', metavar='SCRIPT', help='path of a Python file')
    parser.add_argument(
        'arguments',
        nargs=argparse.REMAINDER,
        metavar='ARGUMENTS',
        help='arguments of the script, which may begin with dashes',
    )
    args = parser.parse_args(argv)
    if not os.path.isfile(args.script):
        parser.error(f'{args.script}: no such file')
    return args


def main(argv: list[str] | None = None) -> int:
    """Run the script; 0 unless it leaves with another exit code.

    Raises:
        SystemExit: If the script leaves so.
    """
    args = parse_args(argv)
    sys.argv = [args.script, *args.arguments]
    interrupts.release()
    # Python looks for a script's imports beside it first.
    sys.path.insert(0, os.path.dirname(os.path.abspath(args.script)))
    runpy.run_path(args.script, run_name='__main__')
    return 0
