"""The starter's weights as addresses: ``starter://deepfashion2`` and the like.

MMEngine takes them wherever it takes a checkpoint, e.g. as ``load_from``, and so does
all of this package.
"""

import os
import re
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
    PARSING,
    PREFIX,
    VARIANTS,
    graph_file,
    weights_files,
)
from fashion_mmpose.starter.joint import channels_of
from fashion_mmpose.starter.rounding import (
    can_be_rounded,
    restored,
    rounded,
    scales_name,
)

# The landmark network as it was taught, with the channels of both benchmarks.
JOINT = 'landmarks'
_BACKBONE = 'backbone.'
# What people's joints add to it.
_OF_JOINTS = ('backbone.joints.', 'head.laterals.')
# What human parsing adds, of which it has the laterals' weights anew.
_OF_PARSING = ('backbone.parsing.', 'backbone.of_parsing.')
_LATERALS = re.compile(r'head\.laterals\.\d+\.weight')
# It is stored with a last layer for each of them.
_LAST_LAYER = 'head.final_layer.'
_TRAINED_ON = dict(deepfashion2='annotation', fashionai='image')


def starter_weights(name: str, folder: str | os.PathLike = FOLDER) -> dict:
    """The weights of the starter as a checkpoint.

    Args:
        name: ``'deepfashion2'`` or ``'fashionai'``, the landmark network with the last
            layer of that benchmark; ``'landmarks'``, that of the joint benchmark, which
            further trainings on drawings begin with; one of them with ``'_parsing'``
            behind, for the network with human parsing, or with ``'_light'``, for that
            without people's joints; or ``'detector'``.
        folder: Where the files of weights are. Defaults to the package's own.

    Returns:
        dict: ``state_dict``, in single precision on the CPU, and ``meta``.

    Raises:
        FileNotFoundError: If a file is missing.
        ValueError: If there are no such weights.
    """
    landmarks = (*BENCHMARKS, JOINT)
    names = (*(each + end for end in VARIANTS for each in landmarks), DETECTOR)
    if name not in names:
        raise ValueError(
            f'{PREFIX}{name}: the starter has no such weights; there are '
            + ', '.join(f'{PREFIX}{each}' for each in names)
        )
    weights: dict[str, Tensor] = {}
    for file in weights_files(name):
        weights |= _read(os.path.join(folder, file))
    if name == DETECTOR:
        return dict(state_dict=weights, meta={})
    if name.endswith(LIGHT):
        weights = {
            key: value
            for key, value in weights.items()
            if not key.startswith(_OF_JOINTS)
        }
    whole = name.removesuffix(LIGHT).removesuffix(PARSING)
    if whole == JOINT:
        return dict(state_dict=_joined(weights), meta={})
    meta = dict(dataset_meta=dict(bbox_source=_TRAINED_ON[whole]))
    fitted = beside(os.path.join(folder, graph_file(name)))
    if fitted.is_file():
        meta['calibration'] = read_calibration(fitted).to_dict()
    return dict(state_dict=_owned(weights, whole), meta=meta)


def _read(path: str) -> dict[str, Tensor]:
    """The weights of a file, in single precision."""
    from safetensors.torch import load_file

    stored = load_file(path)
    weights = {}
    for key, value in stored.items():
        scales = stored.get(scales_name(key))
        if scales is not None:
            value = torch.from_numpy(restored(value.numpy(), scales.numpy()))
        if not key.endswith(scales_name('')):
            weights[key] = value.float() if value.is_floating_point() else value
    return weights


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
    owner = name.removesuffix(PARSING)
    is_own = owner in BENCHMARKS and key.startswith(_LAST_LAYER)
    return f'{owner}.{key}' if is_own else key


def save_landmarks(weights: Mapping[str, Tensor], path: str | os.PathLike) -> None:
    """Write the starter's landmark network, which has learnt the joint benchmark.

    Args:
        weights: State dict of the network of ``configs/starter/landmarks_joints.py``.
        path: The ``.safetensors`` file. The backbones, which further trainings on
            drawings leave as they are, are written as whole numbers.
    """
    split = {}
    for key, value in weights.items():
        if key.startswith(_LAST_LAYER):
            for benchmark in BENCHMARKS:
                own = value[channels_of(benchmark)]
                split[stored_name(benchmark, key)] = own
        else:
            split[key] = value
    save_weights(split, path, _BACKBONE)


def save_parsing(weights: Mapping[str, Tensor], path: str | os.PathLike) -> None:
    """Write what human parsing adds to the starter's landmark network.

    Args:
        weights: State dict of the network of ``configs/starter/landmarks_parsing.py``.
        path: The ``.safetensors`` file. What is of the backbone is written as whole
            numbers.
    """
    added = {
        key: value
        for key, value in weights.items()
        if key.startswith(_OF_PARSING) or _LATERALS.fullmatch(key)
    }
    save_weights(added, path, _BACKBONE)


def save_weights(
    weights: Mapping[str, Tensor], path: str | os.PathLike, as_whole: str | None = None
) -> None:
    """Write weights as a ``.safetensors`` file in half precision.

    Args:
        weights: The weights.
        path: The file.
        as_whole: What the names of those begin with that are written as whole numbers,
            see :mod:`fashion_mmpose.starter.rounding`.
    """
    from safetensors.torch import save

    stored = {}
    for key, value in weights.items():
        value = value.cpu().contiguous()  # and not in channels-last order
        if as_whole and key.startswith(as_whole) and can_be_rounded(value.numpy()):
            whole, scales = rounded(value.float().numpy())
            stored[key] = torch.from_numpy(whole)
            stored[scales_name(key)] = torch.from_numpy(scales)
        else:
            is_real = value.is_floating_point()
            stored[key] = value.half() if is_real else value
    with OutputFiles() as outputs:
        outputs.open_binary(path).write(save(stored))


@CheckpointLoader.register_scheme(prefixes=PREFIX)
def load_from_starter(filename: str, map_location=None) -> dict:
    """MMEngine's loader of :data:`PREFIX`; it names itself in the log by this name."""
    return starter_weights(filename.removeprefix(PREFIX))
