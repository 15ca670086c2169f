"""The starter's weights as addresses: ``starter://deepfashion2`` and the like.

MMEngine takes them wherever it takes a checkpoint, e.g. as ``load_from``, and so does
all of this package.
"""

import os
from collections.abc import Mapping

import torch
from mmengine.runner.checkpoint import CheckpointLoader
from torch import Tensor

from fashion_mmpose.files.writing.outputs import OutputFiles
from fashion_mmpose.measure.uncertainty.calibration import beside, read_calibration
from fashion_mmpose.starter import (
    BENCHMARKS,
    DETECTOR,
    FOLDER,
    LIGHT,
    graph_file,
    weights_file,
)
from fashion_mmpose.starter.joint import channels_of

PREFIX = 'starter://'

# The landmark network as it was taught, with the channels of both benchmarks.
JOINT = 'landmarks'
# What people's joints add to it.
_OF_JOINTS = ('backbone.joints.', 'head.laterals.')
# It is stored with a last layer for each of them.
_LAST_LAYER = 'head.final_layer.'
_TRAINED_ON = dict(deepfashion2='annotation', fashionai='image')


def starter_weights(name: str, folder: str | os.PathLike = FOLDER) -> dict:
    """The weights of the starter as a checkpoint.

    Args:
        name: ``'deepfashion2'`` or ``'fashionai'``, the landmark network with the last
            layer of that benchmark; ``'landmarks'``, that of the joint benchmark, which
            further trainings on drawings begin with; one of them with ``'_light'``
            behind, for the network without people's joints; or ``'detector'``.
        folder: Where the files of weights are. Defaults to the package's own.

    Returns:
        dict: ``state_dict``, in single precision on the CPU, and ``meta``.

    Raises:
        FileNotFoundError: If the file is missing.
        ValueError: If there are no such weights.
    """
    from safetensors.torch import load_file

    landmarks = (*BENCHMARKS, JOINT)
    names = (*landmarks, *(each + LIGHT for each in landmarks), DETECTOR)
    if name not in names:
        raise ValueError(
            f'{PREFIX}{name}: the starter has no such weights; there are '
            + ', '.join(f'{PREFIX}{each}' for each in names)
        )
    stored = load_file(os.path.join(folder, weights_file(name)))
    if name == DETECTOR:
        return dict(state_dict=_single(stored), meta={})
    whole = name.removesuffix(LIGHT)
    if whole != name:
        stored = {
            key: value
            for key, value in stored.items()
            if not key.startswith(_OF_JOINTS)
        }
    if whole == JOINT:
        return dict(state_dict=_single(_joined(stored)), meta={})
    meta = dict(dataset_meta=dict(bbox_source=_TRAINED_ON[whole]))
    fitted = beside(os.path.join(folder, graph_file(name)))
    if fitted.is_file():
        meta['calibration'] = read_calibration(fitted).to_dict()
    return dict(state_dict=_single(_owned(stored, whole)), meta=meta)


def _owned(stored: Mapping[str, Tensor], benchmark: str) -> dict[str, Tensor]:
    """Weights of the landmark network with the last layer of a benchmark."""
    weights = {}
    for key, value in stored.items():
        owner, separator, rest = key.partition(f'.{_LAST_LAYER}')
        if not separator:
            weights[key] = value
        elif owner == benchmark:
            weights[_LAST_LAYER + rest] = value
    return weights


def _joined(stored: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Weights of the landmark network with the channels of both benchmarks."""
    parts = [_owned(stored, benchmark) for benchmark in BENCHMARKS]
    channels = [channel for each in BENCHMARKS for channel in channels_of(each)]
    order = torch.tensor(channels).argsort()
    weights = dict(parts[0])
    for key in weights:
        if key.startswith(_LAST_LAYER):
            weights[key] = torch.cat([part[key] for part in parts])[order]
    return weights


def stored_name(name: str, key: str) -> str:
    """What weights of a network are called in its file.

    Args:
        name: Of the network, see :func:`starter_weights`.
        key: Of the weights, in the network's state dict.
    """
    is_own = name in BENCHMARKS and key.startswith(_LAST_LAYER)
    return f'{name}.{key}' if is_own else key


def save_landmarks(weights: Mapping[str, Tensor], path: str | os.PathLike) -> None:
    """Write the starter's landmark network, which has learnt the joint benchmark.

    Args:
        weights: State dict of the network of ``configs/starter/landmarks_joints.py``.
        path: The ``.safetensors`` file; weights are written in half precision.
    """
    split = {}
    for key, value in weights.items():
        if key.startswith(_LAST_LAYER):
            for benchmark in BENCHMARKS:
                own = value[channels_of(benchmark)]
                split[stored_name(benchmark, key)] = own
        else:
            split[key] = value
    save_half(split, path)


def save_half(weights: Mapping[str, Tensor], path: str | os.PathLike) -> None:
    """Write weights as a ``.safetensors`` file in half precision."""
    from safetensors.torch import save

    half = {
        key: (value.half() if value.is_floating_point() else value).contiguous()
        for key, value in weights.items()
    }
    with OutputFiles() as outputs:
        outputs.open_binary(path).write(save(half))


def _single(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    return {
        key: value.float() if value.is_floating_point() else value
        for key, value in weights.items()
    }


@CheckpointLoader.register_scheme(prefixes=PREFIX)
def load_from_starter(filename: str, map_location=None) -> dict:
    """MMEngine's loader of :data:`PREFIX`; it names itself in the log by this name."""
    return starter_weights(filename.removeprefix(PREFIX))
