"""Predict random test pictures, draw them in a grid and print coordinates.

Usage:
    fashion-mmpose grid CONFIG [CHECKPOINT] [--data-root DIR] [--num 16]
        [--columns 4] [--seed 0] [--show-coordinates 3] [--out grid.png]
        [--cfg-options KEY=VALUE ...]

A quick look at a network of either benchmark, of one category or of all, without a test
run: the config's test set need not be annotated. Points are those of the garment's
category; where the truth is known, rings show where they should be, and the caption
tells the normalized error (FashionAI) or the object key point similarity. CONFIG is a
path, or the name of a config that the package carries. An ensemble, whose members name
their checkpoints, needs no CHECKPOINT.
"""

import argparse

import cv2

from fashion_mmpose.cli.shell import argument_parser, parse, run
from fashion_mmpose.commands.runs.data_root import add_data_root, set_data_root
from fashion_mmpose.commands.runs.running import (
    add_cfg_options,
    set_testing,
    take_folder,
)
from fashion_mmpose.config.loading import load_config
from fashion_mmpose.files.pictures.pixels import write_picture
from fashion_mmpose.files.writing.locks import locked_file
from fashion_mmpose.visualization import ComparedGarment, garment_grid

from .random_predictions import predict_random


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = argument_parser(__doc__)
    parser.add_argument('config', help='path or name of a config')
    parser.add_argument(
        'checkpoint',
        nargs='?',
        help='checkpoint of the network; an ensemble, and a folder of networks in the '
        'place of CONFIG, have their own',
    )
    add_data_root(parser)
    parser.add_argument(
        '--num',
        metavar='N',
        type=int,
        default=16,
        help='number of pictures (%(default)s)',
    )
    parser.add_argument(
        '--columns',
        metavar='N',
        type=int,
        default=4,
        help='number of pictures in a row (%(default)s)',
    )
    parser.add_argument(
        '--seed',
        metavar='N',
        type=int,
        default=0,
        help='seed of the choice of pictures (%(default)s)',
    )
    parser.add_argument(
        '--show-coordinates',
        type=int,
        default=3,
        metavar='N',
        help='print the coordinates of the first N pictures (%(default)s)',
    )
    parser.add_argument(
        '--out',
        default='grid.png',
        metavar='FILE',
        help='picture to write (%(default)s)',
    )
    add_cfg_options(parser)
    args = parse(parser, argv)
    for name, least in dict(num=1, columns=1, seed=0, show_coordinates=0).items():
        value = getattr(args, name)
        if value < least:
            option = name.replace('_', '-')
            parser.error(f'--{option} {value}: must be {least} or more')
    if not cv2.haveImageWriter(args.out):
        parser.error(f'--out {args.out}: not the name of a picture, e.g. grid.png')
    return args


def predict(args: argparse.Namespace) -> list[ComparedGarment]:
    """The predicted garments."""
    take_folder(args, is_detector=False)
    cfg = load_config(args.config, cfg_options=args.cfg_options)
    set_data_root(cfg, args.data_root)
    set_testing(cfg, args.checkpoint)
    return predict_random(cfg, args.num, args.seed)


def execute(args: argparse.Namespace) -> None:
    """Predict, draw and print."""
    with locked_file(args.out):
        shown = predict(args)
        write_picture(args.out, garment_grid(shown, args.columns))
    for number, item in enumerate(shown[: args.show_coordinates], 1):
        print(f'{number}: {item.prediction.image}')
        print(item.table(item.prediction.category))
    print(f'{len(shown)} pictures drawn into {args.out}')


def main(argv: list[str] | None = None) -> int:
    """The command; its exit code."""
    return run(execute, parse_args(argv))
