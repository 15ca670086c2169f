"""Write trained networks as a folder to hand on, with a model card.

Usage:
    fashion-mmpose publish CONFIG [CHECKPOINT] --out FOLDER [--det CONFIG CHECKPOINT]
        [--metrics METRICS.json ...] [--no-onnx | --no-weights] [--no-verify]

CONFIG and CHECKPOINT are a pose network's, --det those of the detector that finds its
garments. FOLDER gets an ONNX file of each, its weights as safetensors and its config as
JSON, fashion_mmpose.json and README.md, the model card, whose figures are the
metrics.json that `fashion-mmpose test` leaves. It is used with
`GarmentInferencer.from_pretrained(FOLDER)` or `fashion-mmpose predict --pretrained
FOLDER`, without PyTorch and MMPose. `fashion-mmpose test FOLDER` tests it, a training
starts from it with `--cfg-options load_from=FOLDER`, and it may be uploaded to a model
hub as it is. --no-onnx is for networks that cannot be exported, --no-weights for those
that nobody shall train further.

What the files find in drawn pictures is compared with PyTorch before anything is
written; --no-verify leaves that out.
"""

import argparse
from typing import Any

import msgspec

from fashion_mmpose.cli.shell import argument_parser, parse, run
from fashion_mmpose.errors import FormatError
from fashion_mmpose.files.writing.locks import locked_folder
from fashion_mmpose.inference import GarmentInferencer


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = argument_parser(__doc__)
    parser.add_argument('config', help='path or name of a config of a pose network')
    parser.add_argument(
        'checkpoint', nargs='?', help='its checkpoint; an ensemble names its own'
    )
    parser.add_argument(
        '--out', required=True, metavar='FOLDER', help='the folder to write'
    )
    parser.add_argument(
        '--det',
        nargs=2,
        metavar=('CONFIG', 'CHECKPOINT'),
        help='the detector of its garments',
    )
    parser.add_argument(
        '--metrics',
        nargs='+',
        default=[],
        metavar='FILE',
        help='metrics.json of tests, whose figures the model card shows',
    )
    forms = parser.add_mutually_exclusive_group()
    for option, what in (
        ('onnx', 'ONNX files, for use without PyTorch'),
        ('weights', 'weights and configs, for tests and training'),
    ):
        forms.add_argument(
            f'--no-{option}', dest=option, action='store_false', help=f'write no {what}'
        )
    parser.add_argument(
        '--verify',
        action=argparse.BooleanOptionalAction,
        default=True,
        help='compare the files with PyTorch before they are written (by default)',
    )
    return parse(parser, argv)


def read_figures(paths: list[str]) -> dict[str, float]:
    """The metrics of tests, all together.

    Raises:
        FileNotFoundError: If there is no such file.
        FormatError: If it is not one that a test left.
        ValueError: If two files have different figures of one metric.
    """
    figures: dict[str, float] = {}
    told_by: dict[str, str] = {}
    for path in paths:
        with open(path, 'rb') as file:
            content = file.read()
        try:
            told: Any = msgspec.json.decode(content)
            metrics = msgspec.convert(told['metrics'], dict[str, float | None])
        except (msgspec.DecodeError, KeyError, TypeError) as error:
            raise FormatError(
                f'{path} is no metrics.json of a test ({error}); to fix it: name the '
                'file in the work folder of `fashion-mmpose test`'
            ) from None
        for key, value in metrics.items():
            if value is None:  # what is not a finite number
                continue
            if figures.setdefault(key, value) != value:
                raise ValueError(
                    f'{told_by[key]} and {path} have two figures of {key}, '
                    f'{figures[key]:.4g} and {value:.4g}, and the model card shows '
                    'one; to fix it: name the file of one of these tests'
                )
            told_by.setdefault(key, path)
    return figures


def execute(args: argparse.Namespace) -> None:
    """Build the networks, and write them."""
    figures = read_figures(args.metrics)
    det, det_weights = args.det or (None, None)
    inferencer = GarmentInferencer(
        args.config, args.checkpoint, det, det_weights, device='cpu'
    )
    with locked_folder(args.out):
        inferencer.save_pretrained(
            args.out, figures, args.verify, onnx=args.onnx, weights=args.weights
        )
    print(
        f'{args.out}: networks for {", ".join(inferencer.networks)}'
        + (' and their detector' if args.det else '')
    )


def main(argv: list[str] | None = None) -> int:
    """The command; its exit code."""
    return run(execute, parse_args(argv))
