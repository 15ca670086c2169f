"""Predict random test pictures, draw them in a grid and print coordinates.

Usage:
    fashion-mmpose grid CONFIG [CHECKPOINT] [--num 16] [--columns 4]
        [--seed 0] [--show-coordinates 3] [--out grid.png]
        [--cfg-options KEY=VALUE ...]

A quick look at a FashionAI network, of one category or of all, without a test run: the
config's test set need not be annotated. Points are those of the garment's category;
rings, where the truth is known, show where they should be. CONFIG is a path, or the
name of a config that the package carries. An ensemble, whose members name their
checkpoints, needs no CHECKPOINT.
"""

import argparse

import cv2
import numpy as np
from mmengine.config import DictAction

from fashion_mmpose.cli.shell import argument_parser, parse, run
from fashion_mmpose.config import load_config
from fashion_mmpose.files.outputs import OutputFiles
from fashion_mmpose.visualization import PredictedGarment, garment_grid

from .random_predictions import predict_random
from .running import set_testing


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = argument_parser(__doc__)
    parser.add_argument('config', help='path or name of a config')
    parser.add_argument(
        'checkpoint',
        nargs='?',
        help='checkpoint of the network; an ensemble names its own',
    )
    parser.add_argument(
        '--num', type=int, default=16, help='number of pictures (%(default)s)'
    )
    parser.add_argument(
        '--columns',
        type=int,
        default=4,
        help='number of pictures in a row (%(default)s)',
    )
    parser.add_argument(
        '--seed',
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
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        action=DictAction,
        metavar='KEY=VALUE',
        help='override entries of the config',
    )
    args = parse(parser, argv)
    for name, least in dict(num=1, columns=1, seed=0, show_coordinates=0).items():
        value = getattr(args, name)
        if value < least:
            option = name.replace('_', '-')
            parser.error(f'--{option} {value}: must be {least} or more')
    if not cv2.haveImageWriter(args.out):
        parser.error(f'--out {args.out}: not the name of a picture, e.g. grid.png')
    return args


def predict(args: argparse.Namespace) -> list[PredictedGarment]:
    """The predicted garments."""
    cfg = load_config(args.config, cfg_options=args.cfg_options)
    set_testing(cfg, args.checkpoint)
    shown = []
    for sample in predict_random(cfg, args.num, args.seed):
        info = sample.metainfo
        found = sample.pred_instances
        keypoints = np.column_stack((found.keypoints[0], found.keypoint_scores[0]))
        shown.append(
            PredictedGarment.from_layout(
                info['img_path'],
                info['category_id'],
                keypoints,
                info.get('raw_ann_info'),
            )
        )
    return shown


def execute(args: argparse.Namespace) -> None:
    """Predict, draw and print."""
    shown = predict(args)
    grid = garment_grid(shown, args.columns)
    _, data = cv2.imencode(f'.{args.out.rpartition(".")[2]}', grid)
    with OutputFiles() as outputs:
        outputs.open_binary(args.out).write(data.tobytes())
    for number, item in enumerate(shown[: args.show_coordinates], 1):
        print(f'{number}: {item.path}')
        print(item.table(item.garment.name))
    print(f'{len(shown)} pictures drawn into {args.out}')


def main(argv: list[str] | None = None) -> int:
    """The command; its exit code."""
    return run(execute, parse_args(argv))
