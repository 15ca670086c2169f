"""Convert the weights that you already have to a checkpoint of this package.

Usage:
    fashion-mmpose convert-checkpoint cpn SRC.ckpt DST.pth --config CONFIG
    fashion-mmpose convert-checkpoint cpm-tf SRC_PREFIX DST.pth --config CONFIG
    fashion-mmpose convert-checkpoint hrnet SRC.pth DST.pth --config CONFIG
    fashion-mmpose convert-checkpoint mmpose SRC.pth DST.pth [--config CONFIG]
    fashion-mmpose convert-checkpoint KIND SRC --list

cpn is a checkpoint of the FashionAI CPN system (either network), cpm-tf a TensorFlow
1.x checkpoint of the FashionAI CPM system (the path of its .index without this ending),
hrnet the DeepFashion2 HRNet, mmpose a checkpoint of training, which is stripped to its
weights.

CONFIG is a path, or the name of a config that the package carries. Every parameter and
buffer is accounted for: what is unknown, missing or misshapen is listed, and nothing is
written. Files are read without executing anything of them. --list prints names, shapes
and types as the file has them; for cpm-tf it needs the .index only.
"""

import argparse

from fashion_mmpose.cli.shell import argument_parser, parse, run
from fashion_mmpose.config.loading import load_config
from fashion_mmpose.weights import KINDS, convert_checkpoint, list_checkpoint


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = argument_parser(__doc__)
    parser.add_argument(
        'kind',
        metavar='KIND',
        choices=KINDS,
        help=f'what the checkpoint is of: {", ".join(KINDS)}',
    )
    parser.add_argument('src', metavar='SRC', help='the checkpoint')
    parser.add_argument('dst', metavar='DST', nargs='?', help='the file to write')
    parser.add_argument(
        '--config', help='path or name of the config that the weights are for'
    )
    parser.add_argument(
        '--list', action='store_true', help='print what SRC holds, and write nothing'
    )
    args = parse(parser, argv)
    if args.list:
        if args.dst or args.config:
            parser.error('--list takes SRC only')
    elif args.dst is None:
        parser.error('DST is missing; --list does without')
    elif args.config is None and args.kind != 'mmpose':
        parser.error(f'{args.kind} needs --config, whose network the weights are for')
    return args


def execute(args: argparse.Namespace) -> None:
    """Convert or list, and print what was done."""
    if args.list:
        for name, shape, dtype in list_checkpoint(args.kind, args.src):
            print(name, list(shape), dtype)
        return
    cfg = load_config(args.config) if args.config else None
    done = convert_checkpoint(args.kind, args.src, args.dst, cfg)
    print(f'{args.dst}: {done.num_tensors} tensors, {done.num_values:,} numbers')
    if done.num_filled:
        print(f'filled with 0: {done.num_filled} batch counters, which old files lack')
    if done.left_out:
        shown = ', '.join(done.left_out[:6])
        more = len(done.left_out) - 6
        print(f'left out: {shown}' + (f' and {more} more' if more > 0 else ''))


def main(argv: list[str] | None = None) -> int:
    """The command; its exit code."""
    return run(execute, parse_args(argv))
