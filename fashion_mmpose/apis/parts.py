"""What a folder keeps of a network of PyTorch: its config and its weights."""

from hashlib import sha256

import msgspec
import numpy as np
import torch
from mmengine.config import Config

from fashion_mmpose import garments
from fashion_mmpose.config.stored import encode_config
from fashion_mmpose.errors import FormatError
from fashion_mmpose.weights.safetensors_file import encode_weights

from .detection import GarmentDetector
from .pose import PoseNetwork


def stored_parts(network: PoseNetwork | GarmentDetector) -> tuple[bytes, bytes]:
    """The contents of the two files, see :mod:`fashion_mmpose.pretrained`.

    Returns:
        tuple[bytes, bytes]: JSON and safetensors.

    Raises:
        FormatError: If the config cannot be written as JSON.
        ImportError: If safetensors is missing.
        TypeError: If it is no network of this package.
    """
    config, meta = _config_and_meta(network)
    return encode_config(config), encode_weights(network.model.state_dict(), meta)


def _config_and_meta(network: PoseNetwork | GarmentDetector) -> tuple[Config, dict]:
    """The config of a network, and what its weights mean.

    Raises:
        TypeError: If it is no network of this package.
    """
    if isinstance(network, PoseNetwork):
        config = network.model.cfg
        meta = dict(
            dataset_meta=dict(
                network.model.dataset_meta, bbox_source=network.bbox_source
            )
        )
        if network.calibration is not None:
            meta['calibration'] = network.calibration.to_dict()
    elif isinstance(network, GarmentDetector):
        config = network.config
        told = dict(classes=network.classes)
        if network.definition is not None:
            told['benchmark'] = garments.benchmark_entry(network.definition)
        meta = dict(dataset_meta=told)
    else:
        raise TypeError(
            f'the network is a {type(network).__name__}; a PoseNetwork or a '
            'GarmentDetector is expected'
        )
    return config, meta


def network_digest(network: PoseNetwork | GarmentDetector) -> bytes:
    """A number that networks share only if they are the same.

    It comes from the weights, what they mean, and the config of the network, wherever
    on a machine these lie.

    Raises:
        TypeError: If it is no network of this package.
    """
    config, meta = _config_and_meta(network)
    plain = msgspec.json.encode(meta, enc_hook=np.ndarray.tolist)
    found = sha256(plain)
    try:
        found.update(encode_config(config))
    except FormatError:  # it cannot be handed on, but is what it is
        found.update(repr(config.model).encode())
    for name, tensor in sorted(network.model.state_dict().items()):
        values = tensor.detach().cpu().contiguous()
        found.update(f'{name} {values.dtype} {tuple(values.shape)}'.encode())
        found.update(values.reshape(-1).view(torch.uint8).numpy())
    return found.digest()
