"""Converts checkpoints of other systems, and of training, to plain weights.

A converted file is ``{'state_dict': ..., 'meta': ...}``, what ``tools/test.py`` and
MMPose's ``init_model`` load.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmpose.registry import DATASETS, MODELS
from torch import Tensor

from fashion_mmpose.config.loading import config_name
from fashion_mmpose.config.parts import is_ensemble
from fashion_mmpose.measure.uncertainty.calibration import replaced_weights
from fashion_mmpose.version import __version__
from fashion_mmpose.weights.read import StoredWeights, WeightsError, read_checkpoint
from fashion_mmpose.weights.tensorflow.checkpoint import list_variables

from . import cpm_tf, cpn, hrnet
from .account import account, compact


@dataclass(frozen=True)
class Kind:
    """How checkpoints of a kind are read, and what they call the weights.

    Attributes:
        read: The weights of a path.
        source_names: For the network's names and those of the file: the file's name
            of each of the network's.
    """

    read: Callable[[str], StoredWeights]
    source_names: Callable[[Collection[str], Collection[str]], dict[str, str]]


def _same_names(targets: Collection[str], given: Collection[str]) -> dict[str, str]:
    return {name: name for name in targets}


KINDS = {
    'cpn': Kind(read_checkpoint, cpn.source_names),
    'cpm-tf': Kind(cpm_tf.read_cpm_checkpoint, cpm_tf.source_names),
    'hrnet': Kind(read_checkpoint, hrnet.source_names),
    'mmpose': Kind(read_checkpoint, _same_names),
}


@dataclass(frozen=True)
class Conversion:
    """What was written.

    Attributes:
        num_tensors: Parameters and buffers.
        num_values: Numbers in them.
        num_filled: Batch counters that the source did not have.
        left_out: Entries of the source that are not weights.
    """

    num_tensors: int
    num_values: int
    num_filled: int
    left_out: tuple[str, ...]


def convert_checkpoint(
    kind: str, source: str, destination: str, cfg: Config | None = None
) -> Conversion:
    """Write the weights of a checkpoint under the names of a config's network.

    The file holds tensors and plain values, which any PyTorch reads without this
    package and without what MMEngine's own checkpoints ask for.

    Args:
        kind: One of :data:`KINDS`.
        source: The checkpoint; a prefix for ``'cpm-tf'``.
        destination: The file to write; it appears complete or not at all.
        cfg: The config. Only ``'mmpose'``, whose names stay, does without: nothing is
            compared then.

    Raises:
        OSError: If there is no such checkpoint, or the destination cannot be written.
        FormatError: If the checkpoint cannot be read, its weights do not fit, or the
            config has no network to compare them with.
        ValueError: If the config is missing.
    """
    if cfg is None and kind != 'mmpose':
        raise ValueError(f'{kind} needs a config, whose network the weights are for')
    expected = None if cfg is None else network_tensors(cfg)
    stored = KINDS[kind].read(source)
    tensors, num_filled = stored.tensors, 0
    if expected is None:
        tensors = {name: compact(value) for name, value in tensors.items()}
    else:
        try:
            names = KINDS[kind].source_names(expected, tensors)
            accounted = account(tensors, expected, names)
        except WeightsError as error:
            raise WeightsError(
                f'{source} does not fit {config_name(cfg)}, nothing was written:\n'
                f'{error}'
            ) from error
        tensors, num_filled = accounted.tensors, accounted.num_filled
    meta = {**stored.meta, 'converted_from': kind, 'fashion_mmpose': __version__}
    if cfg is not None and 'dataset_meta' not in meta:
        meta |= dataset_meta(cfg)
    with replaced_weights(destination, made_of=source) as file:
        torch.save(dict(meta=plain_values(meta), state_dict=tensors), file)
    num_values = sum(value.numel() for value in tensors.values())
    return Conversion(len(tensors), num_values, num_filled, stored.left_out)


def plain_values(value):
    """The same with lists for arrays, and without classes of other packages.

    Args:
        value: What a checkpoint tells about itself: containers and what they hold.

    Returns:
        Dicts, lists, tuples, tensors, texts and numbers; the text of anything else.
    """
    if isinstance(value, Mapping):
        return {plain_values(key): plain_values(each) for key, each in value.items()}
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    if isinstance(value, tuple):
        return tuple(map(plain_values, value))
    if isinstance(value, list | set | frozenset):
        return list(map(plain_values, value))
    if value is None or type(value) in (bool, int, float, str, bytes, Tensor):
        return value
    return str(value)


def list_checkpoint(kind: str, source: str) -> list[tuple[str, tuple[int, ...], str]]:
    """Name, shape and type of everything in a checkpoint, as the file has it.

    Of a TensorFlow checkpoint that is also the training's state; it needs the
    ``.index`` only.

    Args:
        kind: One of :data:`KINDS`.
        source: The checkpoint; a prefix for ``'cpm-tf'``.

    Raises:
        OSError: If there is no such checkpoint.
        FormatError: If it cannot be read.
    """
    if kind == 'cpm-tf':
        variables = list_variables(source)
        return [(name, each.shape, each.dtype) for name, each in variables.items()]
    return [
        (name, tuple(value.shape), str(value.dtype).removeprefix('torch.'))
        for name, value in KINDS[kind].read(source).tensors.items()
    ]


def network_tensors(cfg: Config) -> dict[str, Tensor]:
    """Parameters and buffers of a config's network: shapes and types, no memory.

    Raises:
        WeightsError: If the config has no network of its own, or it cannot be built.
    """
    model = cfg.get('model')
    if not model:
        raise WeightsError(f'{config_name(cfg)} has no model')
    if is_ensemble(cfg):
        raise WeightsError(
            f'{config_name(cfg)} is an ensemble; convert the checkpoints of its '
            'members one by one, each with the config of the member'
        )
    init_default_scope('mmpose')
    try:
        return _built(model).state_dict()
    except ImportError:
        raise
    except Exception as error:  # of any class that a config may name
        raise WeightsError(
            f'the network of {config_name(cfg)} cannot be built '
            f'({type(error).__name__}: {error}); give a config that can be trained, '
            'not a recipe'
        ) from error


def _built(model: Mapping) -> torch.nn.Module:
    """A network without memory, or with it, where that asks for numbers: HRFormer."""
    try:
        with torch.device('meta'):
            return MODELS.build(model)
    except RuntimeError:
        return MODELS.build(model)


def dataset_meta(cfg: Config) -> dict:
    """``dataset_meta`` as MMEngine's checkpoints have it, from a config's test data.

    MMPose's ``init_model`` takes the key points' names and mirrors from there.

    Returns:
        dict: Empty where the config has no data.
    """
    dataset = (cfg.get('test_dataloader') or {}).get('dataset')
    if not dataset:
        return {}
    return dict(dataset_meta=DATASETS.build(dict(dataset, lazy_init=True)).metainfo)
