"""From a config and the options of the command line to a run.

The functions behind ``tools/train.py``, ``tools/test.py`` and ``tools/detect.py``.
"""

import argparse
import os

import torch
from mmengine.config import Config, DictAction
from mmengine.dist import init_dist, is_distributed
from mmengine.registry import RUNNERS
from mmengine.runner import Runner

from fashion_mmpose import compat
from fashion_mmpose.config import find_config
from fashion_mmpose.engine.runner import ScoringRunner, TrainingRunner
from fashion_mmpose.evaluation.metrics.picture_files import PictureFiles
from fashion_mmpose.evaluation.metrics.prediction_file import SUFFIXES, scoring_of
from fashion_mmpose.models.estimators.ensemble import member_spec, read_config
from fashion_mmpose.weights.read import is_address

LAUNCHERS = ('none', 'pytorch', 'slurm')


def argument_parser(description: str, work_dir: bool = True) -> argparse.ArgumentParser:
    """A parser of what training, testing and detecting have in common.

    Args:
        description: The docstring of the script.
        work_dir: Whether the run has a work directory. Defaults to True.
    """
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('config', help='path or name of a config')
    if work_dir:
        parser.add_argument('--work-dir', help='folder of logs and checkpoints')
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        action=DictAction,
        metavar='KEY=VALUE',
        help='override entries of the config',
    )
    parser.add_argument('--launcher', choices=LAUNCHERS, default='none')
    return parser


def load_config(
    name: str,
    work_dir: str | None = None,
    cfg_options: dict | None = None,
    launcher: str = 'none',
) -> Config:
    """Read a config and apply what every run may override.

    Args:
        name: Path of a config, or the bare name of one that the package carries.
        work_dir: Where logs and checkpoints go; by default the config's own, or
            ``work_dirs/<name of the config>``.
        cfg_options: Dotted keys and values to override.
        launcher: ``'none'``, ``'pytorch'`` or ``'slurm'``.

    Raises:
        ValueError: If there is no such config.
        ImportError: If it builds on MMDetection's, which is missing.
        RuntimeError: If the launcher cannot work on this machine.
    """
    path = name if os.path.isfile(name) else str(find_config(name))
    try:
        cfg = Config.fromfile(path)
    except ModuleNotFoundError:
        compat.require_mmdet()  # its error names the mend
        raise
    cfg.launcher = launcher
    if work_dir is not None:
        cfg.work_dir = work_dir
    elif cfg.get('work_dir') is None:
        stem = os.path.splitext(os.path.basename(path))[0]
        cfg.work_dir = os.path.join('work_dirs', stem)
    if cfg_options:
        cfg.merge_from_dict(cfg_options)
    compat.prepare_distributed(cfg, launcher)
    return cfg


def init_launcher(launcher: str, device: str = 'auto') -> str:
    """Join the processes that a launcher started, after :func:`load_config`.

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


def choose_device(device: str) -> str:
    """The device itself; for ``'auto'`` a GPU if there is one, or the CPU."""
    if device != 'auto':
        return device
    return 'cuda' if torch.cuda.is_available() else 'cpu'


def set_training(
    cfg: Config,
    resume: str | None = None,
    amp: bool = False,
    auto_scale_lr: bool = False,
) -> None:
    """Apply the options of a training run to a config, in place.

    Args:
        cfg: The config.
        resume: ``'auto'`` to go on from the last checkpoint in the work directory,
            or the path of a checkpoint; None to start anew.
        amp: Mixed precision.
        auto_scale_lr: Scale the learning rate to the real batch size.

    Raises:
        RuntimeError: If mixed precision is asked for without a GPU.
        ValueError: If the config does not say for which batch size its learning
            rate is, or is that of an ensemble.
        FileNotFoundError: If the checkpoint to resume from does not exist.
    """
    if is_ensemble(cfg):
        raise ValueError('an ensemble is not trained: train its members one by one')
    if resume is not None:
        cfg.resume = True
        cfg.load_from = None if resume == 'auto' else existing_file(resume)
    if amp:
        if not torch.cuda.is_available():
            raise RuntimeError('--amp needs a GPU, and PyTorch sees none')
        cfg.optim_wrapper.type = 'AmpOptimWrapper'
        cfg.optim_wrapper.setdefault('loss_scale', 'dynamic')
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
        ValueError: If an output file is neither JSON nor CSV, there are no weights, or
            a detector is given what only pose networks take.
    """
    if is_detector(cfg) and (bbox_file is not None or out_files):
        raise ValueError(
            '--bbox-file and --out are for pose networks; tools/detect.py writes the '
            'boxes of a detector'
        )
    if checkpoint is not None:
        cfg.load_from = existing_file(checkpoint)
    elif not is_ensemble(cfg):
        raise ValueError('CHECKPOINT is missing: only an ensemble names its own')
    if bbox_file is not None:
        cfg.test_dataloader.dataset.bbox_file = existing_file(bbox_file)
    if out_files:
        for path in out_files:
            if not path.endswith(SUFFIXES):
                raise ValueError(f'--out {path}: its name must end in {SUFFIXES}')
        writer = dict(type='PredictionFile', out_files=out_files)
        if scoring := scoring_of(cfg.test_evaluator):
            writer['scoring'] = scoring
        add_evaluator(cfg, writer)
    if show_dir is not None and is_detector(cfg):
        # MMDetection's hook puts a relative folder below the work directory.
        cfg.default_hooks.visualization.update(
            draw=True, test_out_dir=os.path.abspath(show_dir)
        )
    elif show_dir is not None:
        add_evaluator(cfg, dict(type=PictureFiles.__name__, out_dir=show_dir))


def add_evaluator(cfg: Config, evaluator: dict) -> None:
    """Add a metric to those of a test run, in place."""
    evaluators = cfg.test_evaluator
    if not isinstance(evaluators, list):
        evaluators = [evaluators]
    cfg.test_evaluator = [*evaluators, evaluator]


def check_codecs(cfg: Config) -> None:
    """Compare the codec that encodes the targets with the one that decodes them.

    A config states both, and one that inherits may override only one of them; the
    network would then train well and predict with an offset.

    Raises:
        ValueError: If they differ.
    """
    decoder = cfg.model.get('head', {}).get('decoder')
    if (
        not decoder
        or decoder.get('type') != 'PointHeatmap'
        or cfg.train_dataloader is None
    ):
        return
    for transform in cfg.train_dataloader.dataset.get('pipeline', []):
        encoder = transform.get('encoder')
        if encoder is not None and encoder != decoder:
            keys = sorted(
                key
                for key in {*encoder, *decoder}
                if encoder.get(key) != decoder.get(key)
            )
            raise ValueError(
                f'the codec of GenerateTarget and that of model.head.decoder differ in '
                f'{keys}; give both the same codec'
            )


def is_ensemble(cfg: Config) -> bool:
    """Whether the config's model is a :class:`HeatmapEnsemble`."""
    return cfg.get('model', {}).get('type') == 'HeatmapEnsemble'


def is_detector(cfg: Config) -> bool:
    """Whether the config is one of MMDetection's."""
    return cfg.get('default_scope') == 'mmdet'


def check_members(cfg: Config) -> None:
    """Compare the crops of an ensemble's pipeline with those of its members.

    The members see the ensemble's crop, resized. One that was trained on another
    crop, such as a stretched one, would predict with an offset.

    Raises:
        ValueError: If they differ; the message names the member and the steps.
    """
    if not is_ensemble(cfg):
        return
    own = crop_steps(cfg)
    for member in cfg.model.members:
        spec = member_spec(member, cfg.model.get('category'))
        steps = crop_steps(read_config(spec['config']))
        if steps not in (None, own):
            raise ValueError(
                f'the member {spec["name"]} is tested on another crop than the '
                f'ensemble: {steps} there, {own} here; give test_dataloader the same '
                'steps'
            )


def crop_steps(cfg: Config) -> list[dict] | None:
    """The steps of the test pipeline between loading and packing, without sizes.

    Returns:
        list[dict] | None: None where the config has no test pipeline. The aspect ratio
        stands in for ``input_size``.
    """
    dataset = (cfg.get('test_dataloader') or {}).get('dataset', {})
    if 'pipeline' not in dataset:
        return None
    steps = []
    for transform in dataset.pipeline:
        step = {key: value for key, value in transform.items() if key != 'input_size'}
        if 'input_size' in transform:
            width, height = transform['input_size']
            step['aspect_ratio'] = width / height
        if step['type'] not in ('LoadImage', 'PackGarmentInputs', 'PackPoseInputs'):
            steps.append(step)
    return steps


def existing_file(path: str) -> str:
    """The path, if there is a file, or something that MMEngine downloads.

    Raises:
        FileNotFoundError: If it is the path of no file.
    """
    if not is_address(path) and not os.path.isfile(path):
        raise FileNotFoundError(f'{path} does not exist')
    return path


def build_runner(cfg: Config, testing: bool = False) -> Runner:
    """The runner for the config, of the type that it asks for.

    Args:
        cfg: The config.
        testing: Whether it is to test, so that weights must fit. Defaults to False.

    Raises:
        ValueError: See :func:`check_codecs` and :func:`check_members`.
    """
    check_codecs(cfg)
    check_members(cfg)
    if 'runner_type' in cfg:
        return RUNNERS.build(cfg)
    return (ScoringRunner if testing else TrainingRunner).from_cfg(cfg)
