"""Reads the weights out of PyTorch's checkpoints, and executes nothing of them."""

import os
import pickle
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

import torch
from mmengine.runner.checkpoint import CheckpointLoader
from torch import Tensor

from fashion_mmpose.config.loading import is_address
from fashion_mmpose.errors import FormatError

from .downloads import Download, fetch, resolve
from .safetensors_file import SUFFIX, read_safetensors
from .torch_file import check_tensors, check_torch_file

_PLAIN = (
    'only tensors and plain values are read; where the file can be trusted, save it '
    'again with torch.save(network.state_dict(), FILE)'
)


class WeightsError(FormatError):
    """Weights cannot be read or do not fit; the message says where and why."""


@dataclass(frozen=True)
class StoredWeights:
    """The weights of a file, by the file's own names.

    Attributes:
        tensors: Parameters and buffers, on the CPU.
        left_out: Names of what else the file holds, e.g. an optimizer's state.
        meta: What MMEngine's checkpoints tell about themselves.
    """

    tensors: dict[str, Tensor]
    left_out: tuple[str, ...] = ()
    meta: dict = field(default_factory=dict)


def read_checkpoint(path: str | os.PathLike) -> StoredWeights:
    """Read a file of ``torch.save``, of any version of PyTorch, or ``.safetensors``.

    The file holds a state dict, or a dict with one under ``state_dict``. The
    ``module.`` in front of all names of a network in ``DataParallel`` is taken off.

    Args:
        path: The file, or an address that MMEngine downloads from.

    Raises:
        ConnectionError: If it cannot be downloaded.
        FileNotFoundError: If there is no such file.
        WeightsError: If the file cannot be read, asks for more than tensors and plain
            values, or holds no state dict.
    """
    if os.fspath(path).endswith(SUFFIX) and not is_address(path):
        try:
            tensors, meta = read_safetensors(path)
        except FormatError as error:
            raise WeightsError(str(error)) from None
        return StoredWeights(tensors, (), meta)
    content = _download(path) if is_address(path) else read_file(path)
    if not isinstance(content, Mapping):
        raise WeightsError(
            f'{path} holds a {type(content).__name__}, not a checkpoint: a state dict, '
            "or a dict with one under 'state_dict', is expected"
        )
    state_dict, left_out, meta = content, (), {}
    if isinstance(content.get('state_dict'), Mapping):
        state_dict = content['state_dict']
        if isinstance(content.get('meta'), Mapping):
            meta = dict(content['meta'])
        kept = ('state_dict', 'meta') if meta else ('state_dict',)
        left_out = tuple(str(key) for key in content if key not in kept)
    others = [
        str(name)
        for name, value in state_dict.items()
        if not (isinstance(name, str) and isinstance(value, Tensor))
    ]
    if others or not state_dict:
        raise WeightsError(
            f'{path} holds no state dict: '
            + (f'its entries {others[:5]} are no tensors' if others else 'it is empty')
        )
    tensors = {name: value.detach() for name, value in state_dict.items()}
    if not is_address(path):
        try:
            check_tensors(list(tensors.values()), os.path.getsize(path))
        except FormatError as error:
            raise WeightsError(f'{path}: {error}') from None
    return StoredWeights(without_prefix(tensors, 'module.'), left_out, meta)


def load_weights(
    model: torch.nn.Module,
    tensors: Mapping[str, Tensor],
    name: str,
    path: str | os.PathLike,
) -> None:
    """Fill a network, whose names and shapes must be just those of the weights.

    Args:
        model: The network.
        tensors: Its parameters and buffers, by name.
        name: What the network is called, for the error.
        path: The file of the weights, for the error.

    Raises:
        WeightsError: If they do not fit.
    """
    try:
        model.load_state_dict(tensors, strict=True)
    except RuntimeError as error:
        raise WeightsError(f'{path} does not fit {name}: {error}') from error


def widened(
    model: torch.nn.Module, tensors: Mapping[str, Tensor]
) -> Mapping[str, Tensor]:
    """Weights of a network that knew less, for one whose modules know how to go on.

    Args:
        model: The network that is to be filled.
        tensors: Parameters and buffers, by name.

    Returns:
        Mapping: The same, of the shapes of ``model`` where its modules have a method
        ``widened``, as :class:`.LateralHeatmapHead` has.
    """
    for name, module in model.named_modules():
        if hasattr(module, 'widened'):
            tensors = module.widened(tensors, f'{name}.' if name else '')
    return tensors


def load_what_fits(
    model: torch.nn.Module,
    tensors: Mapping[str, Tensor],
    name: str,
    path: str | os.PathLike,
) -> list[str]:
    """Fill a network that is to be trained with what fits of the weights of another.

    Args:
        model: The network.
        tensors: Parameters and buffers, by name.
        name: What the network is called, for the error.
        path: The file of the weights, for the error.

    Returns:
        list[str]: A line for each kind of what was left out; empty if all fits.

    Raises:
        WeightsError: If nothing fits.
    """
    own = model.state_dict()
    shapes = [
        f'{key} {tuple(value.shape)}, not {tuple(own[key].shape)}'
        for key, value in tensors.items()
        if key in own and own[key].shape != value.shape
    ]
    same = {
        key: value
        for key, value in tensors.items()
        if key not in own or own[key].shape == value.shape
    }
    try:
        missing, unexpected = model.load_state_dict(same, strict=False)
    except RuntimeError as error:
        raise WeightsError(f'{path} does not fit {name}: {error}') from error
    if len(unexpected) == len(same):
        raise WeightsError(
            f'{path} does not fit {name}: not one of its {len(tensors)} tensors has '
            'name and shape of one of the network; to fix it, name weights of the same '
            'network, or none'
        )
    other_shape = {line.partition(' ')[0] for line in shapes}
    kinds = {
        'of another shape': shapes,
        'unknown to the network': unexpected,
        'as initialised, for the file has none': [
            key for key in missing if key not in other_shape
        ],
    }
    return [
        f'{len(keys)} {kind}: {", ".join(keys)}' for kind, keys in kinds.items() if keys
    ]


def tensors_taken_over(model: torch.nn.Module, tensors: Mapping[str, Tensor]) -> str:
    """How much of each part of a network :func:`load_what_fits` fills.

    Args:
        model: The network.
        tensors: Parameters and buffers, by name.

    Returns:
        str: For example ``'backbone 122 of 122, head 25 of 27'``.
    """
    taken: dict[str, list[bool]] = {}
    for key, value in model.state_dict().items():
        fits = key in tensors and tensors[key].shape == value.shape
        taken.setdefault(key.partition('.')[0], []).append(fits)
    return ', '.join(
        f'{part} {sum(fits)} of {len(fits)}' for part, fits in taken.items()
    )


def without_preprocessor(
    tensors: Mapping[str, Tensor], model: torch.nn.Module
) -> dict[str, Tensor]:
    """MMDetection before 3.0 kept the pixels' mean and deviation with the weights."""
    own = model.state_dict()
    return {
        key: value
        for key, value in tensors.items()
        if key in own or not key.startswith('data_preprocessor.')
    }


def without_prefix(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """The same without a prefix, if all names have it."""
    if not all(name.startswith(prefix) for name in tensors):
        return dict(tensors)
    return {name.removeprefix(prefix): value for name, value in tensors.items()}


def _download(path: str):
    if url := resolve(path):
        wanted = Download(path, url, 'name a file in the place of the address')
        fetch([wanted])
        if url == path:
            return read_file(wanted.path)
    # Names of published weights, which MMEngine looks up.
    return CheckpointLoader.load_checkpoint(path, 'cpu', logger='current')


def read_file(path: str | os.PathLike):
    """The whole content of a file of ``torch.save``, on the CPU.

    Raises:
        FileNotFoundError: If there is no such file.
        WeightsError: If the file cannot be read, or asks for more than tensors and
            plain values.
    """
    # Said plainly here; PyTorch's readers have errors of many kinds for it.
    if not os.path.exists(path):
        raise FileNotFoundError(f'{path} does not exist')
    if not os.path.isfile(path):
        raise WeightsError(f'{path} is not a file')
    try:
        check_torch_file(path)
    except FormatError as error:
        raise WeightsError(f'{path}: {error}; {_PLAIN}') from None
    try:
        return torch.load(path, map_location='cpu', weights_only=True)
    except pickle.UnpicklingError as error:
        asked = re.search(r'GLOBAL (\S+)', str(error))
        if asked is None:
            reason = 'is not a file of torch.save, or is damaged'
        else:
            reason = f'asks for {asked[1]}, which is refused: code could hide there'
        raise WeightsError(f'{path} {reason}; {_PLAIN}') from error
    except MemoryError:
        raise
    except Exception as error:  # of the zip reader, the unpickler or the storages
        raise WeightsError(
            f'{path} is not a file of torch.save, or is cut short or damaged '
            f'({type(error).__name__}: {error}); copy it again from its source'
        ) from error
