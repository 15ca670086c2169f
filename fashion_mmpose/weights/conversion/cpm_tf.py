"""Names and numbers in the TensorFlow checkpoints of the FashionAI CPM system.

Layers are called in the order in which they were made: ``conv2d``, ``conv2d_1`` and so
on, but those that give the heatmaps, ``stage_1`` and so on. Each has a ``kernel``
(H, W, in, out) and a ``bias``. https://github.com/nhy0/key_points_detection
"""

import os
import re
from collections.abc import Collection, Iterable

import numpy as np
import torch
from torch import Tensor

from fashion_mmpose.weights.read import StoredWeights, WeightsError
from fashion_mmpose.weights.tensorflow.checkpoint import list_variables, read_variables

_OF_TRAINING = re.compile(r'(OptimizeLoss/.*|global_step)')
_OWN = {'weight': 'kernel', 'bias': 'bias'}


def read_cpm_checkpoint(prefix: str | os.PathLike) -> StoredWeights:
    """Read the weights of a TensorFlow checkpoint, in PyTorch's order of axes.

    The optimizer's state and the step are left out. A scope that all other names have
    in front is taken off.

    Args:
        prefix: The checkpoint's prefix, without ``.index``.

    Raises:
        TensorflowCheckpointError: If there is no such checkpoint, or it is damaged.
        WeightsError: If it has no weights.
    """
    names = list_variables(prefix)
    left_out = tuple(name for name in names if _OF_TRAINING.fullmatch(name))
    kept = [name for name in names if name not in left_out]
    if not kept:
        raise WeightsError(f'{prefix} holds no weights; it has only {left_out[:5]}')
    scope = common_scope(kept)
    variables = read_variables(prefix, kept)
    return StoredWeights(
        {name.removeprefix(scope): to_torch(variables[name]) for name in kept},
        left_out,
    )


def common_scope(names: Iterable[str]) -> str:
    """What all of ``SCOPE/layer/variable`` have in front, or nothing.

    >>> common_scope(['cpm/conv2d/kernel', 'cpm/stage_1/bias'])
    'cpm/'
    """
    scopes = {'/'.join(name.split('/')[:-2]) for name in names}
    scope = scopes.pop()
    return f'{scope}/' if scope and not scopes else ''


def to_torch(variable: np.ndarray) -> Tensor:
    """A variable as a tensor; a kernel (H, W, in, out) becomes (out, in, H, W)."""
    if variable.ndim == 4:
        variable = variable.transpose(3, 2, 0, 1)
    return torch.from_numpy(np.array(variable))


def source_names(targets: Collection[str], given: Collection[str]) -> dict[str, str]:
    """TensorFlow's names for those of a network of :class:`CPMRefineHead`.

    Args:
        targets: Names of the network, in the order of its layers, e.g. of its
            ``state_dict()``.
        given: Names of the checkpoint; not needed.

    Returns:
        dict[str, str]: A name of the checkpoint for every weight and every bias,
        whether it is given or not.

    Raises:
        WeightsError: If the network has no :class:`CPMRefineHead`.
    """
    layers = list(dict.fromkeys(name.rpartition('.')[0] for name in targets))
    last_of_stage = {}
    for layer in layers:
        match = re.match(r'head\.stages\.(\d+)\.\d+$', layer)
        if match:
            last_of_stage[int(match[1])] = layer
    if not last_of_stage:
        raise WeightsError(
            'the network of the config has no CPMRefineHead; choose a config such as '
            'cpm_fashionai_*_nhy0'
        )
    called = {layer: f'stage_{stage + 1}' for stage, layer in last_of_stage.items()}
    inner = [layer for layer in layers if layer not in called]
    called |= {
        layer: f'conv2d_{number}' if number else 'conv2d'
        for number, layer in enumerate(inner)
    }
    names = {}
    for name in targets:
        layer, _, own = name.rpartition('.')
        if own in _OWN:
            names[name] = f'{called[layer]}/{_OWN[own]}'
    return names
