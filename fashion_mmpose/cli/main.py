"""Landmarks of garments: data, training, tests and predictions.

`fashion-mmpose COMMAND --help` explains a command. On several GPUs it is
`torchrun --nproc_per_node=N -m fashion_mmpose COMMAND [ARGUMENTS] --launcher pytorch`.
"""

import importlib
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from difflib import get_close_matches
from typing import NamedTuple, NoReturn

from fashion_mmpose import interrupts
from fashion_mmpose.version import __version__

from . import shell

PROGRAM = 'fashion-mmpose'
_PLUGIN = 'fashion_mmpose.plugin'
_CORE_COMMANDS = 'fashion_mmpose.cli.'


class Command(NamedTuple):
    """A command of one or two words.

    Attributes:
        module: Holds its ``main(argv)``, which returns the exit code; it is imported
            when the command is used.
        summary: What it does, in a line.
    """

    module: str
    summary: str


COMMANDS = {
    'convert fashionai': Command(
        'fashion_mmpose.cli.convert.fashionai',
        "Convert FashionAI's key point annotations to COCO JSON.",
    ),
    'convert deepfashion2': Command(
        'fashion_mmpose.cli.convert.deepfashion2',
        "Convert DeepFashion2's annotations to COCO JSON.",
    ),
    'convert labels': Command(
        'fashion_mmpose.cli.convert.labels',
        'Convert key points labelled in CVAT, Label Studio, labelme, ... to COCO JSON.',
    ),
    'convert detections': Command(
        'fashion_mmpose.cli.convert.detections',
        "Bring a garment detector's boxes into the form that `test` takes.",
    ),
    'convert export': Command(
        'fashion_mmpose.cli.convert.export',
        'Write annotations or predictions in the forms of other tools.',
    ),
    'convert fiftyone': Command(
        'fashion_mmpose.cli.convert.fiftyone',
        'Read a dataset of FiftyOne from disk, as a COCO file or as a result list.',
    ),
    'convert yolo-predictions': Command(
        'fashion_mmpose.cli.convert.yolo_predictions',
        'Read what a YOLO pose network predicts, as a result list to score and to '
        'report.',
    ),
    'submit': Command(
        'fashion_mmpose.cli.submit',
        "Merge predictions of FashionAI's categories into a submission to Tianchi.",
    ),
    'score fashionai': Command(
        'fashion_mmpose.cli.score.fashionai',
        "Score a prediction CSV against FashionAI's truth by normalized error.",
    ),
    'score deepfashion2': Command(
        'fashion_mmpose.cli.score.deepfashion2',
        'Score a landmark result file by the official numbers of DeepFashion2.',
    ),
    'report': Command(
        'fashion_mmpose.cli.report',
        'Say in one HTML file what goes wrong in a run, or how two runs differ.',
    ),
    'synthesize': Command(
        'fashion_mmpose.cli.synthesize',
        "Draw garments with exact landmarks in a benchmark's own raw format.",
    ),
    'check-data': Command(
        'fashion_mmpose.commands.check_data',
        'Read all data of a config beforehand, and report everything that is broken.',
    ),
    'train': Command('fashion_mmpose.commands.train', 'Train a network.'),
    'train-all': Command(
        'fashion_mmpose.commands.categories.train_all',
        'Train and test the five FashionAI categories in turn, and merge their '
        'predictions.',
    ),
    'test': Command(
        'fashion_mmpose.commands.test',
        'Test a network, and write and draw what it predicts.',
    ),
    'detect': Command(
        'fashion_mmpose.commands.boxes.detect',
        'Find the garments in all pictures of a COCO file.',
    ),
    'detect pictures': Command(
        'fashion_mmpose.cli.pictures.detect_pictures',
        'Find the boxes of garments in any pictures and videos.',
    ),
    'predict': Command(
        'fashion_mmpose.cli.pictures.predict',
        'Find garments and their landmarks in pictures and videos.',
    ),
    'measure': Command(
        'fashion_mmpose.cli.pictures.measure',
        'Measure garments in pictures: their lengths in centimetres, and how sure they '
        'are.',
    ),
    'lens': Command(
        'fashion_mmpose.cli.lens',
        'Estimate the lens of a camera from pictures of a ChArUco board.',
    ),
    'merge': Command(
        'fashion_mmpose.cli.pictures.merge',
        'Put the parts of a large run together: one JSON or one Parquet file.',
    ),
    'web': Command(
        'fashion_mmpose.cli.web',
        'Open a page in the browser: landmarks seen, corrected, measured and saved.',
    ),
    'grid': Command(
        'fashion_mmpose.commands.pictures.predict_grid',
        'Predict random test pictures, draw them in a grid and print coordinates.',
    ),
    'compare-boxes': Command(
        'fashion_mmpose.commands.boxes.compare_boxes',
        "Test a network in annotated boxes, in detectors' boxes and in whole images.",
    ),
    'convert-checkpoint': Command(
        'fashion_mmpose.commands.convert_checkpoint',
        'Convert the weights that you already have to a checkpoint of this package.',
    ),
    'average': Command(
        'fashion_mmpose.commands.average',
        'Average the weights of several trainings of one network.',
    ),
    'calibrate': Command(
        'fashion_mmpose.commands.calibration.calibrate',
        "Fit how sure a network's points are to its errors on annotated pictures.",
    ),
    'export': Command(
        'fashion_mmpose.commands.export',
        'Write a network as an ONNX file, which runs without PyTorch and MMPose.',
    ),
    'publish': Command(
        'fashion_mmpose.commands.publish',
        'Write trained networks as a folder to hand on, with a model card.',
    ),
    'run': Command(
        'fashion_mmpose.commands.run_script',
        "Run a Python script, e.g. one of MMPose's, with this plugin registered.",
    ),
}


def main(argv: Sequence[str] | None = None) -> int:
    """The command ``fashion-mmpose``.

    Args:
        argv: A command and its arguments; by default those of this process.

    Returns:
        int: The exit code, see :mod:`fashion_mmpose.cli.shell`.

    Raises:
        SystemExit: After wrong options, with the code 2, and after ``--help``.
    """
    if argv is None:
        interrupts.guard()
    argv = list(sys.argv[1:] if argv is None else argv)
    for num_words in (2, 1):
        name = ' '.join(argv[:num_words])
        if name in COMMANDS:
            with _program_name(f'{PROGRAM} {name}'):
                return call(name, argv[num_words:])
    _explain(argv)


def call(name: str, argv: Sequence[str] | None = None) -> int:
    """Run one command; the scripts in ``tools/`` and ``data_converters/`` do.

    Args:
        name: One of ``COMMANDS``.
        argv: Its arguments; by default those of this process.

    Returns:
        int: The exit code, see :mod:`fashion_mmpose.cli.shell`.

    Raises:
        SystemExit: After wrong options, with the code 2, and after ``--help``.
    """
    if argv is None:
        interrupts.guard()
    argv = sys.argv[1:] if argv is None else argv
    try:
        command = load(name)
    except (Exception, KeyboardInterrupt) as error:
        return shell.end(error, '--debug' in argv)
    return command(argv)


def load(name: str) -> Callable[[Sequence[str]], int]:
    """Import a command, after the plugin if it is one of the plugin's.

    Raises:
        ImportError: If the plugin's libraries are missing or do not fit; the message
            says what to do.
    """
    module = COMMANDS[name].module
    if not module.startswith(_CORE_COMMANDS):
        importlib.import_module(_PLUGIN)
    return importlib.import_module(module).main


@contextmanager
def _program_name(name: str) -> Iterator[None]:
    """Let argparse, which looks at ``sys.argv``, name the command in its messages."""
    previous = sys.argv
    sys.argv = [name, *previous[1:]]
    try:
        yield
    finally:
        sys.argv = previous


def _explain(argv: Sequence[str]) -> NoReturn:
    """Answer what names no command: with help, the version or an error.

    Raises:
        SystemExit: Always.
    """
    word = ''.join(argv[:1])
    group = [name for name in COMMANDS if name.startswith(f'{word} ')]
    parser = shell.argument_parser(_listing(group or list(COMMANDS)))
    parser.prog = PROGRAM
    parser.usage = f'{PROGRAM} COMMAND [ARGUMENTS]'
    parser.add_argument('--version', action='version', version=__version__)
    parser.add_argument('command', metavar='COMMAND', help='one of those above')
    parser.parse_known_args(argv)
    if group:
        parser.error(f'{word}: say which: {", ".join(group)}')
    similar = get_close_matches(word, COMMANDS, n=3, cutoff=0.5)
    hint = f'similar: {", ".join(similar)}; ' if similar else ''
    parser.error(f'unknown command {word!r}; {hint}--help lists all')


def _listing(names: Sequence[str]) -> str:
    width = max(map(len, names))
    lines = [f'    {name:<{width}}  {COMMANDS[name].summary}' for name in names]
    return '\n'.join([__doc__ or '', 'Commands:', *lines])
