"""The starter's weights as addresses: ``starter://deepfashion2`` and the like.

MMEngine takes them wherever it takes a checkpoint, e.g. as ``load_from``, and so does
all of this package.
"""

import os
from collections.abc import Mapping

from mmengine.runner.checkpoint import CheckpointLoader
from torch import Tensor

from fashion_mmpose.files.outputs import OutputFiles
from fashion_mmpose.starter import BENCHMARKS, DETECTOR_FILE, LANDMARKS_FILE
from fashion_mmpose.starter.joint import channels_of

PREFIX = 'starter://'

# One network has learnt both benchmarks, and has a last layer for each.
_LAST_LAYER = 'head.final_layer.'
_NAMES = (*BENCHMARKS, 'detector')
_TRAINED_ON = dict(deepfashion2='annotation', fashionai='image')


def starter_weights(name: str) -> dict:
    """The weights of the starter as a checkpoint.

    Args:
        name: ``'deepfashion2'`` or ``'fashionai'``, the landmark network with the last
            layer of that benchmark; or ``'detector'``.

    Returns:
        dict: ``state_dict``, in single precision on the CPU, and ``meta``.

    Raises:
        ValueError: If there are no such weights.
    """
    from safetensors.torch import load_file

    if name not in _NAMES:
        raise ValueError(
            f'{PREFIX}{name}: the starter has no such weights; there are '
            + ', '.join(f'{PREFIX}{each}' for each in _NAMES)
        )
    if name == 'detector':
        return dict(state_dict=_single(load_file(DETECTOR_FILE)), meta={})
    weights = {}
    for key, value in load_file(LANDMARKS_FILE).items():
        owner, separator, rest = key.partition(f'.{_LAST_LAYER}')
        if not separator:
            weights[key] = value
        elif owner == name:
            weights[_LAST_LAYER + rest] = value
    meta = dict(dataset_meta=dict(bbox_source=_TRAINED_ON[name]))
    return dict(state_dict=_single(weights), meta=meta)


def save_landmarks(weights: Mapping[str, Tensor], path: str | os.PathLike) -> None:
    """Write the starter's landmark network, which has learnt the joint benchmark.

    Args:
        weights: State dict of the network of ``configs/starter/landmarks.py``.
        path: The ``.safetensors`` file; weights are written in half precision.
    """
    split = {}
    for key, value in weights.items():
        if key.startswith(_LAST_LAYER):
            for benchmark in BENCHMARKS:
                split[f'{benchmark}.{key}'] = value[channels_of(benchmark)]
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
