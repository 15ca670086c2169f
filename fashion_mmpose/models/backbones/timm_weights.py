"""Weights of timm's classification networks, for the features of such a network."""

import os
from collections.abc import Mapping

import torch
from mmengine.runner.checkpoint import CheckpointLoader
from torch import Tensor

from fashion_mmpose.errors import FormatError
from fashion_mmpose.weights.torch_file import check_torch_file

SHOWN = 4  # names of each kind in an error
SAFETENSORS = 'model.safetensors'


def read_weights(path: str, prefix: str = '') -> dict[str, Tensor]:
    """Read the weights of a checkpoint, never unpickling more than tensors need.

    Args:
        path (str): A ``.safetensors`` file, a file of ``torch.save``, or an
            address (``https://...``) that MMEngine's loader knows. The weights may
            lie under ``state_dict`` or ``model``; moving averages, where timm's
            training saved them, are preferred, as in timm.
        prefix (str): Only the names that start with this are read; it is taken
            off. Defaults to '' (all).

    Returns:
        dict[str, Tensor]: Tensors on the CPU by name.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file cannot be read, or holds no weights.
    """
    if '://' in path:
        checkpoint = CheckpointLoader.load_checkpoint(path, 'cpu', logger='current')
        weights = checkpoint.get('state_dict', checkpoint)
    else:
        weights = _read_file(os.path.expanduser(path))
    weights = {
        name.removeprefix(prefix): value
        for name, value in weights.items()
        if isinstance(value, Tensor) and name.startswith(prefix)
    }
    if not weights:
        where = f' whose names start with {prefix!r}' if prefix else ''
        raise ValueError(f'{path} holds no weights{where}')
    return weights


def _read_file(path: str) -> Mapping:
    from timm.models import load_state_dict

    if not os.path.isfile(path):
        raise FileNotFoundError(f'{path}, the weights of the backbone, does not exist')
    if not path.endswith('.safetensors'):
        try:
            check_torch_file(path)
        except FormatError as error:
            raise ValueError(f'{path} cannot be read as weights: {error}') from None
    try:
        return load_state_dict(path, weights_only=True)
    except Exception as error:  # of torch, pickle, zipfile or safetensors
        raise ValueError(
            f'{path} cannot be read as weights; it must be a .safetensors file, or a '
            'file of torch.save with nothing but tensors and plain values'
        ) from error


def features_weights(
    given: Mapping[str, Tensor],
    network: Mapping[str, Tensor],
    features: Mapping[str, Tensor],
    ignored: tuple[str, ...] = (),
) -> dict[str, Tensor]:
    """Rename the weights of a classification network to those of its features.

    timm's feature extractors take a classification network apart: the classifier,
    and stages behind the last level, fall away, and names change
    (``stages.0.blocks`` becomes ``stages_0.blocks``, or ``model.stages.0.blocks``).

    Args:
        given (Mapping): Weights by their names in the classification network.
        network (Mapping): All that the classification network has.
        features (Mapping): What its features have.
        ignored (tuple[str]): Names that may be given though the network lacks
            them, e.g. buffers that were once saved.

    Returns:
        dict[str, Tensor]: Weights by their names in the features; everything but
        the batch counters of normalisation layers, which old files lack, is there.

    Raises:
        ValueError: If a name is unknown to the network, or a weight of the features
            is missing or has another shape.
    """
    plain_names = {_undotted(name): name for name in network}
    renamed, missing, misshapen = {}, [], []
    for name, current in features.items():
        inner = name.partition('.')[2]  # without 'model.' or 'body.'
        plain = plain_names.get(_undotted(name)) or plain_names.get(_undotted(inner))
        if plain not in given:
            if not name.endswith('num_batches_tracked'):
                missing.append(plain or name)
        elif given[plain].shape != current.shape:
            shapes = f'{tuple(given[plain].shape)}, not {tuple(current.shape)}'
            misshapen.append(f'{plain} {shapes}')
        else:
            renamed[name] = given[plain]
    unknown = [name for name in given if name not in network and name not in ignored]
    problems = {'missing': missing, 'unknown': unknown, 'of another shape': misshapen}
    found = [f'{len(ns)} {kind}: {_some(ns)}' for kind, ns in problems.items() if ns]
    if found:
        raise ValueError('; '.join(found))
    return renamed


def _undotted(name: str) -> str:
    return name.replace('.', '_')


def _some(names: list[str]) -> str:
    more = ', ...' if len(names) > SHOWN else ''
    return ', '.join(names[:SHOWN]) + more


def weights_address(pretrained_cfg: Mapping) -> str | None:
    """Where timm takes the weights of a network from; None if it has none.

    Args:
        pretrained_cfg: timm's description of the weights.
    """
    from huggingface_hub.constants import ENDPOINT  # a mirror, where one is set

    hub = pretrained_cfg.get('hf_hub_id')
    if hub:
        name = pretrained_cfg.get('hf_hub_filename') or SAFETENSORS
        return f'{ENDPOINT}/{hub}/resolve/main/{name}'
    return pretrained_cfg.get('url') or None


def has_published(pretrained_cfg: Mapping) -> bool:
    """Whether timm has the published weights of a network in a cache.

    Args:
        pretrained_cfg: timm's description of the weights.
    """
    from huggingface_hub import try_to_load_from_cache

    hub = pretrained_cfg.get('hf_hub_id')
    if hub:
        repository, _, revision = hub.partition('@')
        named = pretrained_cfg.get('hf_hub_filename')
        names = [named] if named else [SAFETENSORS, 'pytorch_model.bin']
        found = [
            try_to_load_from_cache(repository, name, revision=revision or None)
            for name in names
        ]
        return any(isinstance(path, str) for path in found)
    name = os.path.basename(pretrained_cfg.get('url') or '')
    return os.path.isfile(os.path.join(torch.hub.get_dir(), 'checkpoints', name))
