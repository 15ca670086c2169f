"""The starter's networks as graphs, which read the starter's weights."""

import os
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
import torch

from fashion_mmpose import starter
from fashion_mmpose.apis import GarmentDetector, PoseNetwork
from fashion_mmpose.files.digest import file_digest
from fashion_mmpose.files.writing.outputs import OutputFiles
from fashion_mmpose.inference.onnx.detector import OnnxGarmentDetector
from fashion_mmpose.inference.onnx.pose import OnnxPoseNetwork
from fashion_mmpose.weights.starter import starter_weights, stored_name

from .detector.check import BoxChange, compare_boxes
from .detector.tracing import trace_detector
from .network import NUM_BOXES, serialize
from .pose.check import PointChange, compare_points
from .pose.tracing import trace_pose
from .reduced import FLOAT16
from .shared_weights import share_weights

_OWNER = 'model.'  # what the traced module calls the network


def export_starter(
    folder: str | os.PathLike = starter.FOLDER,
) -> dict[str, PointChange | BoxChange]:
    """Write the graphs beside the starter's weights.

    Every network is one graph of some 100 KB without weights of its own: PyTorch and
    onnxruntime read the same ``.safetensors`` files.

    Args:
        folder: Where the ``.safetensors`` files are, and the graphs go to. Defaults to
            the package's own.

    Returns:
        dict: How far what each of them finds is from PyTorch's, which is told, not
        judged: networks that have hardly learnt have no clear maxima.

    Raises:
        FileNotFoundError: If a file of weights is missing.
        FormatError: If a network cannot be exported; its graph is not written then.
        ImportError: If onnx or what PyTorch's exporter needs is missing.
    """
    return {name: _export(name, Path(folder)) for name in starter.NAMES}


def _export(name: str, folder: Path) -> PointChange | BoxChange:
    weights = [folder / file for file in starter.weights_files(name)]
    with TemporaryDirectory() as temporary:
        checkpoint = Path(temporary) / 'checkpoint.pth'
        torch.save(starter_weights(name, folder), checkpoint)
        config = f'starter/{name}'
        if name == starter.DETECTOR:
            network = GarmentDetector(
                config, checkpoint, score_thr=0, max_per_image=NUM_BOXES
            )
            model, metadata = trace_detector(network, config, fold_norms=False)
        else:
            network = PoseNetwork(config, checkpoint)
            model, metadata = trace_pose(network, config, fold_norms=False)
        share_weights(
            model, weights, lambda key: stored_name(name, key.removeprefix(_OWNER))
        )
        # A fifth of a graph without weights; whoever reads it infers shapes anew.
        del model.graph.value_info[:]
        metadata = msgspec.structs.replace(
            metadata,
            beside=tuple(path.name for path in weights),
            digests=tuple(map(file_digest, weights)),
        )
        content = serialize(model, metadata, FLOAT16)
        path = Path(temporary) / starter.graph_file(name)
        path.write_bytes(content)
        for file in weights:
            shutil.copy(file, temporary)
        if name == starter.DETECTOR:
            exported = OnnxGarmentDetector(path, 'cpu', 0, NUM_BOXES)
            change = compare_boxes(network, exported)
        else:
            change = compare_points(network, OnnxPoseNetwork(path, 'cpu'))
    with OutputFiles() as outputs:
        outputs.open_binary(folder / starter.graph_file(name)).write(content)
    return change
