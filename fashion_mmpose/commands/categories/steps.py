"""Trains and tests one category, or as much of it as is not done yet."""

import json
import math
import os
import re
import shlex
import time
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TextIO

from mmengine.registry import init_default_scope
from mmpose.registry import MODELS

from fashion_mmpose.config import is_ensemble, read_members
from fashion_mmpose.engine.checkpoints import last_checkpoint
from fashion_mmpose.evaluation.metrics.normalized_error import NormalizedError

from .commands import locked_log, merge_command, run_logged, test_command, train_command
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
        num_processes: Processes of a training, one a GPU.
    """

    scripts: Path
    test_only: bool = False
    restart: bool = False
    flags: Sequence[str] = ()
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
        return CategoryResult(
            run.category,
            f'{phase} failed',
            error=str(error),
            log=log_path if isinstance(error, StepError) else None,
        )
    return CategoryResult(
        run.category,
        'done' if trained or tested else 'done before',
        journal.train_seconds or None,
        Figures(**journal.test),
    )


def set_aside(folder: Path) -> Path:
    """Rename a folder to ``<folder>.old1``, or the next number that is free."""
    number = 1
    while (target := folder.with_name(f'{folder.name}.old{number}')).exists():
        number += 1
    return folder.rename(target)


def train(run: CategoryRun, options: Options, journal: Journal, log: TextIO) -> bool:
    """Train, or go on; whether there was anything to do."""
    if is_trained(run.folder, journal):
        return False
    checkpoint = last_checkpoint(run.folder)
    if checkpoint is None:
        journal.train_seconds = 0.0
    title = 'train' if checkpoint is None else f'go on from {checkpoint.name}'
    start = time.monotonic()
    try:
        command = train_command(
            options.scripts, run, checkpoint, options.flags, options.num_processes
        )
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
    if journal.test_fingerprint == fingerprint and run.predictions.is_file():
        return False
    # From here on, the predictions may be those of another test.
    journal.test_fingerprint = None
    journal.write(run.folder)
    before = set(_metric_files(run.test_folder))
    checkpoint = None if is_ensemble(run.cfg) else weights[0]
    start = time.monotonic()
    command = test_command(options.scripts, run, checkpoint)
    run_step(f'{run.category}: test', command, log)
    seconds = time.monotonic() - start
    written = sorted(set(_metric_files(run.test_folder)) - before)
    if not written:
        raise StepError(f'the test left no metrics in {run.test_folder}')
    figures = measure(run, written[-1], seconds)
    journal.test, journal.test_fingerprint = asdict(figures), fingerprint
    journal.write(run.folder)
    return True


def run_step(title: str, command: Sequence[str], log: TextIO) -> None:
    """Run a script of the repository.

    Raises:
        StepError: If it fails.
    """
    text = f'\n== {title}\n$ python {shlex.join(command)}'
    print(text, flush=True)
    print(text, file=log, flush=True)
    start = time.monotonic()
    code = run_logged(command, log)
    if code:
        script = next(part for part in command if part.endswith('.py'))
        raise StepError(f'{os.path.basename(script)} ended with exit code {code}')
    print(f'== {time.monotonic() - start:.0f} s', flush=True)


def merge(
    runs: Sequence[CategoryRun], out: str | os.PathLike, scripts: Path, folder: Path
) -> None:
    """Merge the predictions of categories into one Tianchi CSV.

    Args:
        runs: The categories, tested.
        out: The CSV file.
        scripts: Folder that holds ``data_converters/``.
        folder: Where the log goes.

    Raises:
        OSError: If another process is merging them.
        StepError: If the script fails.
    """
    with locked_log(folder / LOG) as log:
        run_step('merge', merge_command(scripts, runs, out), log)


# ---------------------------------------------------------------- figures


def _metric_files(folder: Path) -> list[Path]:
    """What MMEngine writes after a test: ``<time>/<time>.json``."""
    return [path for path in folder.glob('*/*.json') if path.stem == path.parent.name]


def measure(run: CategoryRun, metrics_file: Path, seconds: float) -> Figures:
    """The figures of a test that has just been run.

    Args:
        run: The category.
        metrics_file: What MMEngine wrote.
        seconds: The whole test.
    """
    metrics = read_metrics(metrics_file)
    predictions = json.loads(run.predictions.read_text(encoding='utf-8'))
    num_images = len({prediction['image_id'] for prediction in predictions})
    prefix = NormalizedError.default_prefix
    ne = metrics.get(f'{prefix}/NE', math.nan)
    num_points = metrics.get(f'{prefix}/num_points')
    batches = math.ceil(len(predictions) / run.cfg.test_dataloader.batch_size)
    loop_seconds = metrics.get('time', math.nan) * batches
    measured = num_images and not math.isnan(loop_seconds)
    return Figures(
        ne=None if math.isnan(ne) else ne,
        num_points=None if num_points is None else int(num_points),
        num_images=num_images,
        num_parameters=count_parameters(run),
        test_seconds=seconds,
        image_seconds=loop_seconds / num_images if measured else None,
    )


def read_metrics(path: Path) -> dict[str, float]:
    """The metrics of a test, from the JSON and the log that MMEngine leaves.

    MMEngine writes whole numbers, such as the number of points, as null into the JSON;
    the log has them.
    """
    log = path.with_suffix('.log').read_text(encoding='utf-8')
    last = next(
        (line for line in reversed(log.splitlines()) if 'Epoch(test)' in line), ''
    )
    metrics = {
        name: float(value) for name, value in re.findall(r'(\S+): (\d+)(?!\S)', last)
    }
    content = json.loads(path.read_text(encoding='utf-8'))
    metrics.update({key: value for key, value in content.items() if value is not None})
    return metrics


def count_parameters(run: CategoryRun) -> int:
    """Parameters of the network, or of all networks of an ensemble."""
    if is_ensemble(run.cfg):
        members = read_members(run.cfg.model.members, run.category)
        models = [member['config']['model'] for member in members]
    else:
        models = [run.cfg.model]
    init_default_scope('mmpose')
    return sum(
        parameter.numel()
        for model in models
        for parameter in MODELS.build(deepcopy(model)).parameters()
    )
