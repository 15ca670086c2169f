"""From a config and the options of the command line to a run.

The functions behind ``tools/train.py``, ``tools/test.py`` and ``tools/detect.py``.
"""

import argparse
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager

import torch
from mmengine.config import Config, ConfigDict
from mmengine.dist import get_world_size, init_dist, is_distributed
from mmengine.registry import RUNNERS
from mmengine.runner import Runner

from fashion_mmpose.cli import shell
from fashion_mmpose.config.checks import (
    check_codecs,
    check_members,
    check_optimizer,
    check_states,
)
from fashion_mmpose.config.dataset_settings import (
    ann_file_of,
    check_files,
    leaves,
    map_leaves,
)
from fashion_mmpose.config.described_data import check_channels
from fashion_mmpose.config.loading import existing_file
from fashion_mmpose.config.overrides import OverrideAction
from fashion_mmpose.config.parts import is_detector, is_ensemble, kind_of, metrics_of
from fashion_mmpose.datasets.pictures.reading import pictures_of
from fashion_mmpose.datasets.pictures.sieve import PictureSieve
from fashion_mmpose.engine import BoxPicturesHook
from fashion_mmpose.engine.optim.mixed_precision import cpu_has_bfloat16
from fashion_mmpose.engine.runner import ScoringRunner, TrainingRunner
from fashion_mmpose.engine.work_folder import checkpoint_file, last_checkpoint
from fashion_mmpose.evaluation.metrics.picture_files import (
    PictureFiles,
    keep_originals,
)
from fashion_mmpose.evaluation.metrics.prediction_file import SUFFIXES, scoring_of
from fashion_mmpose.files.folders import relative_names
from fashion_mmpose.files.parallel import usable_cores
from fashion_mmpose.files.writing.faults import check_no_input
from fashion_mmpose.files.writing.locks import locked_file, locked_folder
from fashion_mmpose.weights.folders import of_folder

LAUNCHERS = ('none', 'pytorch', 'slurm')
_OF_GPUS = ('loss_scale', 'dtype', 'use_fsdp')  # what AmpOptimWrapper alone takes
_RANKS = dict(pytorch='RANK', slurm='SLURM_PROCID')


def argument_parser(
    description: str | None, work_dir: bool = True
) -> argparse.ArgumentParser:
    """A parser of what training, testing and detecting have in common.

    Args:
        description: The docstring of the script.
        work_dir: Whether the run has a work directory. Defaults to True.
    """
    parser = shell.argument_parser(description)
    parser.add_argument('config', help='path or name of a config')
    if work_dir:
        parser.add_argument(
            '--work-dir',
            metavar='DIR',
            help='folder of logs and checkpoints (work_dirs/<name of the config>)',
        )
    add_cfg_options(parser)
    parser.add_argument(
        '--launcher',
        choices=LAUNCHERS,
        default='none',
        help='what has started the processes of a distributed run (%(default)s)',
    )
    return parser


def add_cfg_options(parser: argparse.ArgumentParser) -> None:
    """Let a command override entries of its config."""
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        action=OverrideAction,
        metavar='KEY=VALUE',
        help='override entries of the config',
    )


def take_folder(args: argparse.Namespace, is_detector: bool | None = None) -> None:
    """Let a folder of networks stand for config and checkpoint, in place.

    Args:
        args: ``config``, which may be a folder or its id on a model hub, and
            ``checkpoint``, None with a folder.
        is_detector: Which of its networks is meant, see
            :func:`fashion_mmpose.weights.folders.of_folder`.

    Raises:
        FileNotFoundError: If there is no such folder.
        FormatError: If it has no such network, several, or no weights of it.
    """
    if args.checkpoint is None:
        args.config, weights = of_folder(args.config, None, is_detector)
        args.checkpoint = None if weights is None else os.fspath(weights)


def init_launcher(launcher: str, device: str = 'auto') -> str:
    """Join the processes that a launcher started, after
    :func:`fashion_mmpose.config.loading.load_config`.

    Args:
        launcher: ``'none'``, ``'pytorch'`` or ``'slurm'``.
        device: What a single process asks for.

    Returns:
        str: The device of this process.
    """
    if launcher == 'none':
        return device
    if not is_distributed():
        init_dist(launcher)
    if not torch.cuda.is_available():
        return 'cpu'
    return f'cuda:{torch.cuda.current_device()}'


def add_skip_bad(parser: argparse.ArgumentParser) -> None:
    """Let a command leave out pictures; see :func:`leave_out_bad`."""
    parser.add_argument(
        '--skip-bad',
        action='store_true',
        help='read all pictures first, and leave out and list those that cannot be '
        'read (stop at the first of them)',
    )


def leave_out_bad(runner: Runner) -> None:
    """Let a run do without the pictures that cannot be read.

    Raises:
        ValueError: If the run is of a kind that cannot do so.
    """
    if not isinstance(runner, TrainingRunner):
        raise ValueError(
            f'--skip-bad is not known to {type(runner).__name__}; to fix it: take '
            'runner_type out of the config'
        )
    cores = usable_cores()
    runner.sieve = PictureSieve(max(1, cores // get_world_size()))


@contextmanager
def locked_places(
    launcher: str, folder: str | None = None, files: Sequence[str] = ()
) -> Iterator[None]:
    """Keep the places that a run writes to; of its processes, the first one does.

    Args:
        launcher: ``'none'``, ``'pytorch'`` or ``'slurm'``.
        folder: The work folder, if there is one.
        files: The output files.

    Raises:
        BlockingIOError: If another run is at work in one of them.
    """
    # The run may not have joined the other processes yet.
    rank = os.environ.get(_RANKS.get(launcher, ''), '0')
    with ExitStack() as stack:
        if rank == '0':
            if folder is not None:
                stack.enter_context(locked_folder(folder))
            for path in files:
                stack.enter_context(locked_file(path))
        yield


def _set_mixed_precision(cfg: Config) -> None:
    if torch.cuda.is_available():
        cfg.optim_wrapper.type = 'AmpOptimWrapper'
        cfg.optim_wrapper.setdefault('loss_scale', 'dynamic')
    elif cpu_has_bfloat16():
        cfg.optim_wrapper.type = 'CpuAmpOptimWrapper'
        for key in _OF_GPUS:
            cfg.optim_wrapper.pop(key, None)
    else:
        raise RuntimeError(
            '--amp needs a GPU, and PyTorch sees none, or a CPU with instructions for '
            'bfloat16 (AVX512_BF16, AMX)'
        )


def set_training(
    cfg: Config,
    resume: str | None = None,
    amp: bool = False,
    auto_scale_lr: bool = False,
) -> None:
    """Apply the options of a training run to a config, in place.

    Args:
        cfg: The config.
        resume: ``'auto'`` to go on from the last checkpoint in the work directory, and
            to start where there is none; or the path of a checkpoint; None to start
            anew.
        amp: Mixed precision: float16 on a GPU, else bfloat16.
        auto_scale_lr: Scale the learning rate to the real batch size.

    Raises:
        RuntimeError: If mixed precision is asked for where nothing computes in it.
        ValueError: If the config does not say for which batch size its learning
            rate is, or is that of an ensemble.
        FileNotFoundError: If the checkpoint to resume from does not exist.
    """
    if is_ensemble(cfg):
        raise ValueError('an ensemble is not trained: train its members one by one')
    if resume == 'auto':
        # Where there is nothing to go on from yet, the run begins as without it, with
        # the weights that the config names.
        cfg.resume = last_checkpoint(cfg.work_dir) is not None
        if cfg.resume:
            cfg.load_from = None
    elif resume is not None:
        cfg.resume = True
        if os.path.isdir(resume):  # to go on, the last one counts, not the best
            last = last_checkpoint(resume)
            if last is None:
                raise FileNotFoundError(f'{resume} has no checkpoint to go on from')
            resume = os.fspath(last)
        cfg.load_from = existing_file(resume)
    if amp:
        _set_mixed_precision(cfg)
    if auto_scale_lr:
        if 'base_batch_size' not in cfg.get('auto_scale_lr', {}):
            raise ValueError(
                '--auto-scale-lr needs auto_scale_lr=dict(base_batch_size=...) in the '
                'config: the batch size for which its learning rate is'
            )
        cfg.auto_scale_lr.enable = True


def set_testing(
    cfg: Config,
    checkpoint: str | None = None,
    bbox_file: str | None = None,
    out_files: list[str] | None = None,
    show_dir: str | None = None,
) -> None:
    """Apply the options of a test run to a config, in place.

    Args:
        cfg: The config.
        checkpoint: The weights; None for an ensemble whose members name theirs.
        bbox_file: Detector boxes in place of those of the annotations.
        out_files: JSON or CSV files for the predictions.
        show_dir: Folder for pictures of the predictions.

    Raises:
        FileNotFoundError: If the checkpoint or the boxes do not exist.
        ValueError: If an output file is neither JSON nor CSV, or is that of the boxes
            or of the annotations, there are no weights, or a detector is given what
            only pose networks take.
    """
    if is_detector(cfg) and (bbox_file is not None or out_files):
        raise ValueError(
            '--bbox-file and --out are for pose networks; tools/detect.py writes the '
            'boxes of a detector'
        )
    if checkpoint is not None:
        cfg.load_from = checkpoint_file(checkpoint)
    elif not is_ensemble(cfg):
        raise ValueError('CHECKPOINT is missing: only an ensemble names its own')
    if bbox_file is not None:
        boxes = dict(bbox_file=existing_file(bbox_file))
        _change_test_sets(cfg, lambda _: boxes)
    if out_files:
        tested = leaves(cfg.test_dataloader.dataset)
        annotations = [ann_file_of(each) for each in tested if each.get('ann_file')]
        for path in out_files:
            if not path.endswith(SUFFIXES):
                raise ValueError(f'--out {path}: its name must end in {SUFFIXES}')
            check_no_input(path, [bbox_file, *annotations])
        writer = dict(type='PredictionFile', out_files=out_files)
        if scoring := scoring_of(metrics_of(cfg, 'test')):
            writer['scoring'] = scoring
        add_evaluator(cfg, writer)
    if show_dir is not None and is_detector(cfg):
        cfg.default_hooks.visualization.update(
            type=f'mmpose.{BoxPicturesHook.__name__}', draw=True, test_out_dir=show_dir
        )
    elif show_dir is not None:
        add_evaluator(cfg, dict(type=PictureFiles.__name__, out_dir=show_dir))


def check_show_dir(runner: Runner, folder: str) -> None:
    """Make sure, before a test, that its drawings replace none of its pictures.

    Args:
        runner: The run; its data set is built.
        folder: See ``show_dir`` of :func:`set_testing`.

    Raises:
        ValueError: If they would.
    """
    paths = list(pictures_of(runner.test_dataloader.dataset) or ())
    keep_originals(folder, relative_names(paths))


def set_bbox_thr(cfg: Config, threshold: float | None) -> None:
    """Leave a detector's boxes below a score out of a test, in place.

    Args:
        cfg: The config, see :func:`set_testing`.
        threshold: The score; None for that of the config.

    Raises:
        ValueError: If there are no boxes, or it is no score.
    """
    if threshold is None:
        return
    tested = leaves(cfg.test_dataloader.dataset)
    if not any(dataset.get('bbox_file') for dataset in tested):
        raise ValueError('--bbox-thr is for the boxes of --bbox-file, which is missing')
    if not 0 <= threshold <= 1:
        raise ValueError(f'--bbox-thr {threshold}: it must be between 0 and 1')
    _change_test_sets(
        cfg,
        lambda dataset: dict(
            filter_cfg=dict(dataset.get('filter_cfg') or {}, bbox_score_thr=threshold)
        ),
    )


def _change_test_sets(cfg: Config, change: Callable[[Mapping], Mapping]) -> None:
    """Set entries of the test set, or of all that a wrapper holds, in place."""
    cfg.test_dataloader.dataset = map_leaves(
        cfg.test_dataloader.dataset,
        lambda dataset: ConfigDict(dataset, **change(dataset)),
    )


def add_evaluator(cfg: Config, evaluator: dict) -> None:
    """Add a metric to those of a test run, in place.

    Raises:
        ValueError: If they are held by another evaluator than MMEngine's plain one,
            which has them for data sets of their own.
    """
    held = cfg.test_evaluator
    if isinstance(held, Mapping) and 'metrics' in held and kind_of(held) != 'Evaluator':
        raise ValueError(
            f'test_evaluator is a {kind_of(held)}, which has its metrics for data sets '
            f'of their own, and {evaluator["type"]} is for all; to fix it: test one '
            'data set at a time, with a list of metrics'
        )
    cfg.test_evaluator = [*metrics_of(cfg, 'test'), evaluator]


def build_runner(cfg: Config, testing: bool = False) -> Runner:
    """The runner for the config, of the type that it asks for.

    Args:
        cfg: The config.
        testing: Whether it is to test, so that weights must fit. Defaults to False.

    Raises:
        FileNotFoundError: See
            :func:`fashion_mmpose.config.dataset_settings.check_files`.
        ValueError: See :func:`fashion_mmpose.config.described_data.check_channels`,
            :func:`fashion_mmpose.config.checks.check_codecs`,
            :func:`fashion_mmpose.config.checks.check_members`,
            :func:`fashion_mmpose.config.checks.check_optimizer` and
            :func:`fashion_mmpose.config.checks.check_states`.
    """
    check_channels(cfg)
    # A training needs no test set; who has none yet may train.
    parts = ('test',) if testing else ('train', 'val')
    check_files(cfg, parts)
    check_codecs(cfg, parts)
    check_members(cfg)
    if not testing:
        check_optimizer(cfg)
        check_states(cfg)
    if 'runner_type' in cfg:
        return RUNNERS.build(cfg)
    return (ScoringRunner if testing else TrainingRunner).from_cfg(cfg)
