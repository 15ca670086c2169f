"""Average the weights of several trainings of one network.

Usage:
    fashion-mmpose average CHECKPOINT CHECKPOINT ... --out OUT.pth [--shares N N ...]

For networks that were finetuned from the same weights; one of the checkpoints may be
these, e.g. starter://deepfashion2. --shares tells how much each one counts, in relation
to the others. A mean is often better on pictures unlike those of the trainings than any
of them: test some shares on pictures that you kept for it. OUT.pth is a checkpoint for
the config of the first one, without its calibration.
"""

import argparse

from fashion_mmpose.cli.shell import argument_parser, parse, run
from fashion_mmpose.files.writing.faults import check_no_input
from fashion_mmpose.weights.averaging import average_checkpoints


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = argument_parser(__doc__)
    parser.add_argument(
        'checkpoints', nargs='+', metavar='CHECKPOINT', help='the checkpoints'
    )
    parser.add_argument('--out', required=True, help='the file to write')
    parser.add_argument(
        '--shares',
        nargs='+',
        type=float,
        metavar='N',
        help='a positive number for each checkpoint (by default all count alike)',
    )
    args = parse(parser, argv)
    if len(args.checkpoints) < 2:
        parser.error('an average needs at least two checkpoints')
    if args.shares is not None and len(args.shares) != len(args.checkpoints):
        parser.error(
            f'--shares has {len(args.shares)} numbers for '
            f'{len(args.checkpoints)} checkpoints'
        )
    return args


def execute(args: argparse.Namespace) -> None:
    """Average, and print what was done."""
    check_no_input(args.out, args.checkpoints)
    count = average_checkpoints(args.checkpoints, args.out, args.shares)
    print(f'{args.out}: {count:,} numbers, of {len(args.checkpoints)} checkpoints')


def main(argv: list[str] | None = None) -> int:
    """The command; its exit code."""
    return run(execute, parse_args(argv))
