"""A network of this package, or a garment detector, written as an ONNX file."""

import os
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
from mmengine.config import Config

from fashion_mmpose.apis import GarmentDetector, PoseNetwork
from fashion_mmpose.config.loading import load_config
from fashion_mmpose.config.parts import is_detector
from fashion_mmpose.inference.onnx.detector import OnnxGarmentDetector
from fashion_mmpose.inference.onnx.metadata import KEY, Metadata, write_metadata
from fashion_mmpose.inference.onnx.pose import OnnxPoseNetwork
from fashion_mmpose.measure.uncertainty.calibration import replaced_weights
from fashion_mmpose.version import __version__

from .pose.check import compare_points
from .pose.tracing import trace_pose
from .reduced import FLOAT32, reduce_weights

NUM_BOXES = 50  # of each picture that are compared


def export_network(
    config: str | os.PathLike | Config,
    weights: str | os.PathLike | None,
    out: str | os.PathLike,
    with_heatmaps: bool = False,
    verify: bool = True,
    numbers: str = FLOAT32,
):
    """Write a pose network or a detector as an ONNX file.

    The file of a pose network takes crops and gives points: it holds normalisation,
    flip test, blur, maximum and sub-pixel step, as the config has them. That of a
    detector gives all boxes and their scores; the suppression is done in numpy.

    Args:
        config: Path of a config, the bare name of one that the package carries, or a
            loaded config.
        weights: Path of a checkpoint; None for an ensemble whose members name theirs.
        out: The file to write.
        with_heatmaps: Whether a pose network gives the heatmaps, too. Defaults to
            False.
        verify: Whether the file is compared with PyTorch before it takes its place.
            Defaults to True.
        numbers: How weights are kept, see :func:`.reduced.reduce_weights`. Other than
            ``'float32'``, differences from PyTorch are told, not judged.

    Returns:
        PointChange | BoxChange | None: How far the file's points or boxes are from
        PyTorch's; None if nothing was compared.

    Raises:
        FileNotFoundError: If there is no such checkpoint.
        FormatError: If the network cannot be exported, or does not find what PyTorch's
            finds; nothing is written then.
        ImportError: If onnx or what PyTorch's exporter needs is missing.
        ValueError: See :class:`fashion_mmpose.PoseNetwork` and
            :class:`fashion_mmpose.GarmentDetector`.
    """
    is_loaded = isinstance(config, Config)
    name = 'the loaded config' if is_loaded else os.fspath(config)
    cfg = config if is_loaded else load_config(config)
    if is_detector(cfg):
        if weights is None:
            raise ValueError(f'{name} is the config of a detector, which needs weights')
        network = GarmentDetector(
            cfg, weights, 'cpu', score_thr=0, max_per_image=NUM_BOXES
        )
    else:
        network = PoseNetwork(cfg, weights, 'cpu')
    return export_built(network, out, name, with_heatmaps, verify, numbers, weights)


def export_built(
    network: PoseNetwork | GarmentDetector,
    out: str | os.PathLike,
    name: str = 'the network',
    with_heatmaps: bool = False,
    verify: bool = True,
    numbers: str = FLOAT32,
    weights: str | os.PathLike | None = None,
):
    """Write a network that is there as an ONNX file.

    Args:
        network: PyTorch's, on the CPU.
        out: The file to write.
        name: What it is called in errors.
        with_heatmaps: See :func:`export_network`.
        verify: See there.
        numbers: See there.
        weights: The checkpoint that it has loaded. A calibration beside ``out`` is that
            of a file which is replaced, and removed with it, unless it is this one's.

    Returns:
        PointChange | BoxChange | None: See there.

    Raises:
        FormatError: See there.
        ImportError: See there.
        TypeError: If it is no network of this package.
    """
    if isinstance(network, PoseNetwork):
        model, metadata = trace_pose(network, name, with_heatmaps)
    elif not isinstance(network, GarmentDetector):
        raise TypeError(
            f'{name} is a {type(network).__name__}; a PoseNetwork or a GarmentDetector '
            'is expected'
        )
    else:
        # MMDetection may be missing where there is no detector.
        from .detector.tracing import trace_detector

        model, metadata = trace_detector(network, name)
    content = serialize(reduce_weights(model, numbers), metadata, numbers)
    change = _compared(content, network) if verify else None
    if change is not None and numbers == FLOAT32:
        change.check(name)
    with replaced_weights(out, made_of=weights) as file:
        file.write(content)
    return change


def serialize(model, metadata: Metadata, numbers: str) -> bytes:
    """The content of a graph's file, which says everything about itself.

    Args:
        model (onnx.ModelProto): The graph; it is changed.
        metadata: What it says.
        numbers: How its weights are kept.
    """
    told = msgspec.structs.replace(metadata, weights=numbers)
    model.producer_name, model.producer_version = 'fashion_mmpose', __version__
    model.metadata_props.add(key=KEY, value=write_metadata(told))
    return model.SerializeToString()


def _compared(content: bytes, network: PoseNetwork | GarmentDetector):
    """How far the network of a file is from PyTorch's."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / 'network.onnx'
        path.write_bytes(content)
        if isinstance(network, PoseNetwork):
            return compare_points(network, OnnxPoseNetwork(path, 'cpu'))
        from .detector.check import compare_boxes

        limits = network.score_thr, network.max_per_image, network.max_overlap
        exported = OnnxGarmentDetector(path, 'cpu', *limits)
        return compare_boxes(network, exported)
