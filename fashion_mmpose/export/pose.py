"""Pose networks as ONNX files that say all about themselves."""

import os
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from mmengine.config import Config

from fashion_mmpose import garments
from fashion_mmpose.apis import PoseNetwork
from fashion_mmpose.files.outputs import OutputFiles
from fashion_mmpose.inference.onnx.metadata import (
    FORMAT,
    KEY,
    PoseMetadata,
    write_metadata,
)
from fashion_mmpose.inference.onnx.pose import OnnxPoseNetwork
from fashion_mmpose.models.estimators import HeatmapEnsemble
from fashion_mmpose.version import __version__

from .crops import crop_of
from .pose_check import PointChange, compare_points
from .pose_graph import PoseGraph, example_inputs
from .tracing import trace


def export_pose(
    config: str | os.PathLike | Config,
    weights: str | os.PathLike | None,
    out: str | os.PathLike,
    with_heatmaps: bool = False,
    verify: bool = True,
) -> PointChange | None:
    """Write a pose network as an ONNX file.

    The file takes crops and gives points: it holds normalisation, flip test, blur,
    maximum and sub-pixel step, as the config has them.

    Args:
        config: Path of a config, the bare name of one that the package carries, or a
            loaded config.
        weights: Path of a checkpoint; None for an ensemble whose members name theirs.
        out: The file to write.
        with_heatmaps: Whether the file gives the heatmaps, too. Defaults to False.
        verify: Whether the file is compared with PyTorch before it takes its place.
            Defaults to True.

    Returns:
        PointChange | None: How far the file's points are from PyTorch's; None if
        nothing was compared.

    Raises:
        FileNotFoundError: If there is no such checkpoint.
        FormatError: If the network cannot be exported, or its points are not those of
            PyTorch; nothing is written then.
        ImportError: If onnx or what PyTorch's exporter needs is missing.
        ValueError: See :class:`fashion_mmpose.PoseNetwork`.
    """
    network = PoseNetwork(config, weights)
    name = 'the loaded config' if isinstance(config, Config) else os.fspath(config)
    metadata = _metadata(network, name)
    graph = PoseGraph(network.model, network.flip_indices, with_heatmaps).eval()
    images, rows = example_inputs(graph, metadata.crop.dtype)
    outputs = ['points', 'scores', *(['heatmaps'] if with_heatmaps else [])]
    model = trace(
        graph,
        dict(images=images, rows=rows),
        dict(images={0: 'batch'}, rows={0: 'count'}),
        outputs,
    )
    model.producer_name, model.producer_version = 'fashion_mmpose', __version__
    model.metadata_props.add(key=KEY, value=write_metadata(metadata))
    content = model.SerializeToString()
    change = _checked(content, network, name) if verify else None
    with OutputFiles() as outputs:
        outputs.open_binary(out).write(content)
    return change


def _checked(content: bytes, network: PoseNetwork, name: str) -> PointChange:
    """The change from PyTorch, which must be small."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / 'pose.onnx'
        path.write_bytes(content)
        change = compare_points(network, OnnxPoseNetwork(path, 'cpu'))
    change.check(name)
    return change


def _metadata(network: PoseNetwork, name: str) -> PoseMetadata:
    model = network.model
    return PoseMetadata(
        format=FORMAT,
        version=__version__,
        benchmark=garments.benchmark_entry(network.definition),
        category=network.category,
        categories=network.categories,
        keypoints=garments.keypoints(network.definition, network.category),
        bbox_source=network.bbox_source,
        crop=crop_of(model.cfg.test_dataloader.dataset.pipeline, name),
        color='bgr',
        decoder=_decoder(model),
        weights='float32',
    )


def _decoder(model: torch.nn.Module) -> Mapping[str, Any]:
    """The settings of the decoding, for whoever wants to know what is in the graph."""
    is_ensemble = isinstance(model, HeatmapEnsemble)
    codec = model.decoder if is_ensemble else model.head.decoder
    settings = {
        key: getattr(codec, key)
        for key in (
            'input_size',
            'heatmap_size',
            'sigma',
            'amplitude',
            'convention',
            'decode_mode',
            'blur_kernel_size',
            'blur_sigma',
            'shift',
            'min_variance',
        )
    }
    tested = [each.test_cfg for each in (model.members if is_ensemble else [model])]
    flips = {bool({**each, **model.test_cfg}.get('flip_test')) for each in tested}
    return dict(settings, flip_test=True in flips)
