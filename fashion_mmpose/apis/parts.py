"""What a folder keeps of a network of PyTorch: its config and its weights."""

from fashion_mmpose import garments
from fashion_mmpose.stored_config import encode_config
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
    return encode_config(config), encode_weights(network.model.state_dict(), meta)
