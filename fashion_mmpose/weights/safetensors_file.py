"""Weights as ``.safetensors`` files: tensors, and what they were trained for."""

import json
import os
from collections.abc import Mapping

from torch import Tensor

from fashion_mmpose.errors import FormatError, extra_needed

SUFFIX = '.safetensors'
KEY = 'fashion_mmpose'  # of the entry in the file's header
# What later runs ask the metainfo of a training.
_TRAINED_FOR = ('dataset_name', 'benchmark', 'category', 'categories', 'classes')
_TRAINED_FOR += ('bbox_source',)


def encode_weights(tensors: Mapping[str, Tensor], meta: Mapping) -> bytes:
    """The content of a ``.safetensors`` file.

    Args:
        tensors: Parameters and buffers, by the names of the network.
        meta: What the weights were trained for, ``dataset_meta``, and their
            ``calibration``, if there is one; plain values. Others stay behind.

    Raises:
        ImportError: If safetensors is missing.
    """
    with _safetensors_needed():
        from safetensors.torch import save
    trained = meta.get('dataset_meta') or {}
    told = dict(dataset_meta={k: trained[k] for k in _TRAINED_FOR if k in trained})
    if meta.get('calibration') is not None:
        told['calibration'] = meta['calibration']
    # Layers that share their weights would be refused.
    whole = {
        name: value.detach().cpu().contiguous().clone()
        for name, value in tensors.items()
    }
    return save(whole, {'format': 'pt', KEY: json.dumps(told)})


def read_safetensors(path: str | os.PathLike) -> tuple[dict[str, Tensor], dict]:
    """The tensors of a file, and what it says of their training, as ``meta``.

    Args:
        path: The file, of this package or of another.

    Raises:
        FileNotFoundError: If there is no such file.
        FormatError: If it is none, or is damaged.
        ImportError: If safetensors is missing.
    """
    with _safetensors_needed():
        from safetensors import SafetensorError, safe_open
    if not os.path.isfile(path):
        raise FileNotFoundError(f'{path} does not exist, or is not a file')
    try:
        with safe_open(os.fspath(path), 'pt') as file:
            told = json.loads((file.metadata() or {}).get(KEY, '{}'))
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, ValueError, RecursionError) as error:
        raise FormatError(
            f'{path} is not a file of safetensors, or is cut short or damaged '
            f'({error}); copy it again from its source'
        ) from None
    if not isinstance(told, dict) or not isinstance(
        told.get('dataset_meta', {}), Mapping
    ):
        raise FormatError(
            f'{path}: {KEY} of its header does not say what the weights are for; copy '
            'it again from its source'
        )
    return tensors, told


def _safetensors_needed():
    return extra_needed(
        'weights of folders need safetensors, which does not load', 'hub'
    )
