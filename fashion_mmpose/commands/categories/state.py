"""What has been done in a work directory, and whether it was done with this config."""

import hashlib
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from mmengine.config import Config

from fashion_mmpose.config.loading import (
    member_spec,
    newest_file,
    read_config,
    with_members,
)
from fashion_mmpose.config.parts import is_ensemble
from fashion_mmpose.engine.work_folder import last_checkpoint
from fashion_mmpose.files.writing.outputs import OutputFiles

from .plan import CategoryRun

JOURNAL = 'train_all.json'

# What decides about the weights of a training, and about the result of a test.
TRAINING_KEYS = (
    'model data_preprocessor train_dataloader train_cfg optim_wrapper param_scheduler '
    'auto_scale_lr val_dataloader val_cfg val_evaluator default_hooks custom_hooks '
    'randomness runner_type load_from'
).split()
TESTING_KEYS = (
    'model data_preprocessor test_dataloader test_cfg test_evaluator custom_hooks '
    'runner_type'
).split()
# Within these: what may differ from machine to machine and from look to look.
_LOADING_KEYS = ('num_workers', 'persistent_workers', 'pin_memory', 'prefetch_factor')
_LOOKING_HOOKS = ('timer', 'logger', 'visualization')
# The best by the error of all points, and not by that of a key point or a category.
_BEST = ('best_fashionai_NE_epoch_*.pth', 'best_fashionai_NE_iter_*.pth')


@dataclass
class Journal:
    """Progress of a category, beyond what its checkpoints say.

    Attributes:
        train_seconds: Time spent on training, over all sessions.
        trained: Whether the training has come to its end.
        test: Result of the last test, by the names of
            :class:`~fashion_mmpose.commands.categories.summary.Figures`.
        test_fingerprint: What that test was of, see :func:`test_fingerprint`.
        test_skip_bad: Whether it may have left out pictures that could not be read.
    """

    train_seconds: float = 0.0
    trained: bool = False
    test: dict = field(default_factory=dict)
    test_fingerprint: str | None = None
    test_skip_bad: bool = True  # journals of before do not say

    @classmethod
    def read(cls, folder: Path) -> 'Journal':
        """The journal of a work directory; an empty one where there is none.

        Raises:
            ValueError: If the file is not a journal.
        """
        path = folder / JOURNAL
        try:
            return cls(**json.loads(path.read_text(encoding='utf-8')))
        except FileNotFoundError:
            return cls()
        except (TypeError, ValueError) as error:
            raise ValueError(
                f'{path} is not a journal of tools/train_all.py ({error}); delete it '
                'to go on from the checkpoints alone'
            ) from error

    def write(self, folder: Path) -> None:
        """Write it to the work directory, complete or not at all."""
        with OutputFiles() as outputs:
            file = outputs.open(folder / JOURNAL)
            json.dump(asdict(self), file, indent=2, allow_nan=False)
            file.write('\n')


# ---------------------------------------------------------------- configs


def training_changes(run: CategoryRun) -> list[str]:
    """How the config differs from that of the training in the run's folder.

    MMEngine leaves the config of every training in its folder. Number of workers,
    logs and pictures do not count.

    Returns:
        list[str]: Lines such as ``'train_cfg.max_epochs was 20, is 30'``; empty if
        nothing differs or the folder has no checkpoint yet.
    """
    if not any(run.folder.glob('*.pth')):
        return []
    dumped = run.folder / os.path.basename(run.cfg.filename)
    if not dumped.is_file():
        return [f'{dumped.name}, the config of its checkpoints, is missing']
    begun = read_config(dumped)
    if begun.get('resume'):
        # It names the checkpoint to go on from. The first start named the weights.
        starts = sorted(run.folder.glob('*/vis_data/config.py'))
        first = read_config(starts[0]) if starts else begun
        told = run.cfg if first.get('resume') else first
        begun.load_from = told.get('load_from')
    return differences(
        comparable(begun, TRAINING_KEYS), comparable(run.cfg, TRAINING_KEYS)
    )


def check_unchanged(runs: Sequence[CategoryRun]) -> None:
    """Check that trainings which go on were begun with the config of now.

    Raises:
        ValueError: If not; the message names folders and entries.
    """
    lines = []
    for run in runs:
        changes = training_changes(run)
        if changes:
            lines.append(f'{run.folder}: {"; ".join(changes)}')
    if lines:
        raise ValueError(
            'the config has changed since these trainings were begun:\n'
            + '\n'.join(lines)
            + '\nGive the old settings, or another --work-dir, or --restart, which '
            'moves the old folders aside, or --test-only'
        )


def comparable(cfg: Mapping, keys: Iterable[str]) -> dict:
    """The entries of a config that count, in the types of JSON."""
    chosen = Config({key: cfg.get(key) for key in keys}).to_dict()
    for loader in ('train_dataloader', 'val_dataloader', 'test_dataloader'):
        for key in _LOADING_KEYS:
            (chosen.get(loader) or {}).pop(key, None)
    for hook in _LOOKING_HOOKS:
        (chosen.get('default_hooks') or {}).pop(hook, None)
    return json.loads(json.dumps(chosen, default=repr))


def differences(old, new, name: str = '') -> list[str]:
    """Where two values of JSON differ, as ``'<dotted name> was <old>, is <new>'``."""
    if isinstance(old, dict) and isinstance(new, dict):
        pairs = [(key, old.get(key), new.get(key)) for key in {**old, **new}]
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        pairs = [(index, *pair) for index, pair in enumerate(zip(old, new))]
    else:
        return [] if old == new else [f'{name} was {_short(old)}, is {_short(new)}']
    prefix = f'{name}.' if name else ''
    return [
        line for key, *pair in pairs for line in differences(*pair, f'{prefix}{key}')
    ]


def _short(value) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f'{text[:57]}...'


# ------------------------------------------------------------ checkpoints


def checkpoint_to_test(folder: Path) -> Path:
    """The best checkpoint of a training, else its last one.

    Of several best ones it is that of the normalized error, by which the networks are
    compared, or the newest.

    Raises:
        FileNotFoundError: If there is none.
        ValueError: See :func:`last_checkpoint`.
    """
    for form in (*_BEST, 'best_*.pth'):
        if best := sorted(folder.glob(form), key=os.path.getmtime):
            return best[-1]
    path = last_checkpoint(folder)
    if path is None:
        raise FileNotFoundError(f'no checkpoint in {folder}: train it first')
    return path


def is_trained(folder: Path, journal: Journal) -> bool:
    """Whether a training has come to its end and left something to test.

    Raises:
        ValueError: See :func:`last_checkpoint`.
    """
    try:
        return journal.trained and bool(checkpoint_to_test(folder))
    except FileNotFoundError:
        return False


def weights_files(run: CategoryRun) -> list[Path]:
    """The checkpoints that a test reads: one, or those of an ensemble's members.

    Raises:
        FileNotFoundError: If one does not exist.
        ValueError: If a member is not described as it must be.
    """
    if not is_ensemble(run.cfg):
        return [checkpoint_to_test(run.folder)]
    specs = [member_spec(member, run.category) for member in run.cfg.model.members]
    return [
        Path(newest_file(spec['checkpoint'], spec['name']))
        for spec in specs
        if spec['checkpoint'] is not None
    ]


def test_fingerprint(run: CategoryRun, weights: Sequence[Path]) -> str:
    """A hash of all that a test depends on: config, weights, annotations, boxes.

    Files count by path, size and time of change; the configs of an ensemble's members
    are part of its own.

    Raises:
        ValueError: If the config of a member is unknown.
    """
    files = []
    for path in (*weights, run.ann_file, run.bbox_file):
        if path is not None and path.is_file():
            stat = path.stat()
            files.append([os.fspath(path), stat.st_size, stat.st_mtime_ns])
    config = comparable(with_members(run.cfg), TESTING_KEYS)
    content = json.dumps([config, files], sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()
