"""Trains and tests one category, or as much of it as is not done yet."""

import json
import os
import shlex
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TextIO

from fashion_mmpose.config.parts import is_ensemble
from fashion_mmpose.engine.hooks.metrics_file import METRICS_FILE
from fashion_mmpose.engine.work_folder import last_checkpoint
from fashion_mmpose.files.writing.faults import errors_of
from fashion_mmpose.formats.coco.results import read_predictions
from fashion_mmpose.formats.fashionai.submission import make_submission, read_images
from fashion_mmpose.garments import garment

from .commands import locked_log, run_logged, test_command, train_command
from .plan import CategoryRun
from .state import (
    Journal,
    is_trained,
    test_fingerprint,
    training_changes,
    weights_files,
)
from .summary import CategoryResult, Figures

LOG = 'train_all.log'


@dataclass(frozen=True)
class Options:
    """How the categories are run.

    Attributes:
        scripts: Folder that holds ``tools/``.
        test_only: Whether nothing is trained.
        restart: Whether trainings of another config are moved aside.
        flags: More options of ``tools/train.py``.
        skip_bad: Whether pictures that cannot be read are left out.
        num_processes: Processes of a training, one a GPU.
    """

    scripts: Path
    test_only: bool = False
    restart: bool = False
    flags: Sequence[str] = ()
    skip_bad: bool = False
    num_processes: int = 1


class StepError(Exception):
    """A script failed; the message says which and how."""


def run_category(run: CategoryRun, options: Options) -> CategoryResult:
    """Train and test a category.

    A training that has come to its end is not repeated, one that has not goes on from
    its last checkpoint, and a test is repeated only if something that it depends on
    has changed. What happens is printed, and kept in ``train_all.log``.

    Returns:
        CategoryResult: Of a failure too, unless this process is interrupted.
    """
    phase = 'start'
    log_path = run.folder / LOG
    try:
        if options.restart and not options.test_only and training_changes(run):
            with locked_log(log_path):
                print(f'== {run.folder} is now {set_aside(run.folder)}', flush=True)
        with locked_log(log_path) as log:
            journal = Journal.read(run.folder)
            phase = 'training'
            trained = not options.test_only and train(run, options, journal, log)
            phase = 'test'
            tested = test(run, options, journal, log)
    except (OSError, RuntimeError, StepError, ValueError) as error:
        print(f'== {run.category}: {phase} failed: {error}', flush=True)
        log = log_path if isinstance(error, StepError) else None
        return CategoryResult(
            run.category, f'{phase} failed', error=str(error), log=log
        )
    return _result(run, 'done' if trained or tested else 'done before', journal)


def kept_result(run: CategoryRun, options: Options) -> CategoryResult | None:
    """What earlier calls have made of a category that is not asked for now.

    Returns:
        CategoryResult | None: None unless a call for it would find all of it done.
    """
    try:
        journal = Journal.read(run.folder)
        if not options.test_only and (
            training_changes(run) or not is_trained(run.folder, journal)
        ):
            return None
        if journal.test_fingerprint != test_fingerprint(run, weights_files(run)):
            return None
    except (OSError, ValueError):
        return None
    is_there = run.predictions.is_file()
    if not is_there or not (options.skip_bad or is_complete(run, journal)):
        return None
    return _result(run, 'done before', journal)


def _result(run: CategoryRun, status: str, journal: Journal) -> CategoryResult:
    seconds = journal.train_seconds or None
    return CategoryResult(run.category, status, seconds, Figures(**journal.test))


def set_aside(folder: Path) -> Path:
    """Rename a folder to ``<folder>.old1``, or the next number that is free."""
    number = 1
    while (target := folder.with_name(f'{folder.name}.old{number}')).exists():
        number += 1
    folder.rename(target)
    (target / '.lock').unlink(missing_ok=True)
    return target


def train(run: CategoryRun, options: Options, journal: Journal, log: TextIO) -> bool:
    """Train, or go on; whether there was anything to do."""
    if is_trained(run.folder, journal):
        return False
    checkpoint = last_checkpoint(run.folder)
    if checkpoint is None:
        journal.train_seconds = 0.0
    title = 'train' if checkpoint is None else f'go on from {checkpoint.name}'
    flags = [*options.flags, *_both(options)]
    command = train_command(
        options.scripts, run, checkpoint, flags, options.num_processes
    )
    start = time.monotonic()
    try:
        run_step(f'{run.category}: {title}', command, log)
        journal.trained = True
    finally:
        # Kept too when the training fails or is interrupted.
        journal.train_seconds += time.monotonic() - start
        journal.write(run.folder)
    return True


def test(run: CategoryRun, options: Options, journal: Journal, log: TextIO) -> bool:
    """Test, unless the last test was of the same; whether there was anything to do."""
    weights = weights_files(run)
    fingerprint = test_fingerprint(run, weights)
    if journal.test_fingerprint == fingerprint and is_complete(run, journal):
        return False
    # From here on, the predictions may be those of another test.
    journal.test_fingerprint = None
    journal.write(run.folder)
    metrics_file = run.test_folder / METRICS_FILE
    metrics_file.unlink(missing_ok=True)
    checkpoint = None if is_ensemble(run.cfg) else weights[0]
    start = time.monotonic()
    command = test_command(options.scripts, run, checkpoint, _both(options))
    run_step(f'{run.category}: test', command, log)
    if not metrics_file.is_file():
        raise StepError(f'the test left no metrics in {run.test_folder}')
    figures = measure(metrics_file, run.predictions, time.monotonic() - start)
    journal.test, journal.test_fingerprint = asdict(figures), fingerprint
    journal.test_skip_bad = options.skip_bad
    journal.write(run.folder)
    return True


def is_complete(run: CategoryRun, journal: Journal) -> bool:
    """Whether the last test has predicted all that can be predicted.

    What it left out for ``--skip-bad`` may be mended, or must fail without that option.
    """
    if not run.predictions.is_file():
        return False
    if not journal.test_skip_bad:
        return True
    try:
        images = _images_of([run])
        tested = {each['image_id'] for each in read_predictions(run.predictions)}
    except (OSError, ValueError):
        return False  # the test says what is wrong with them
    return all(image['id'] in tested for image in images)


def _images_of(runs: Sequence[CategoryRun]) -> list[dict]:
    """The pictures of some categories, which may lie in a file of all of them."""
    wanted = {garment('fashionai', run.category).category_id for run in runs}
    listed = read_images([run.ann_file for run in runs])
    return [image for image in listed if image['category_id'] in wanted]


def _both(options: Options) -> list[str]:
    """Options of training and testing."""
    return ['--skip-bad'] if options.skip_bad else []


def run_step(title: str, command: Sequence[str], log: TextIO) -> None:
    """Run a script of the repository.

    Raises:
        StepError: If it fails.
    """
    text = f'\n== {title}\n$ python {shlex.join(command)}'
    print(text, flush=True)
    with errors_of(log.name):
        print(text, file=log, flush=True)
    start = time.monotonic()
    code = run_logged(command, log)
    if code:
        script = next(part for part in command if part.endswith('.py'))
        raise StepError(f'{os.path.basename(script)} ended with exit code {code}')
    print(f'== {time.monotonic() - start:.0f} s', flush=True)


def measure(metrics_file: Path, predictions_file: Path, seconds: float) -> Figures:
    """The figures of a test that has just been run.

    Args:
        metrics_file: What :class:`~fashion_mmpose.engine.MetricsFileHook` wrote.
        predictions_file: The COCO result list.
        seconds: Duration of the whole test.
    """
    measured = json.loads(metrics_file.read_text(encoding='utf-8'))
    predictions = json.loads(predictions_file.read_text(encoding='utf-8'))
    num_images = len({prediction['image_id'] for prediction in predictions})
    # Without their prefix, which a config may choose; the first metric counts.
    metrics = {
        name.rpartition('/')[2]: value
        for name, value in reversed(measured['metrics'].items())
    }
    return Figures(
        ne=metrics.get('NE'),
        num_points=metrics.get('num_points'),
        num_images=num_images,
        num_parameters=measured['num_parameters'],
        test_seconds=seconds,
        image_seconds=measured['loop_seconds'] / num_images if num_images else None,
    )


def merge(
    runs: Sequence[CategoryRun], out: str | os.PathLike, skip_bad: bool = False
) -> None:
    """Merge the predictions of categories that were tested into one Tianchi CSV.

    Args:
        runs: The categories.
        out: The CSV.
        skip_bad: Whether pictures were left out, so that there are no predictions of
            them; they get no rows. Defaults to False.

    Raises:
        OSError: If a file cannot be read or written.
        ValueError: If a picture has no prediction.
    """
    print('\n== merge', flush=True)
    images = _images_of(runs)
    paths = [str(run.predictions) for run in runs]
    predictions = {path: read_predictions(path) for path in paths}
    if skip_bad:
        tested = {each['image_id'] for some in predictions.values() for each in some}
        num_listed = len(images)
        images = [image for image in images if image['id'] in tested]
        print(f'{num_listed - len(images)} pictures were left out', flush=True)
    make_submission(predictions, images).write(out)
