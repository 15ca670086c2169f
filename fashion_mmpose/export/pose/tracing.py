"""Pose networks as graphs that say all about themselves."""

from collections.abc import Mapping
from typing import Any

import torch

from fashion_mmpose import garments
from fashion_mmpose.apis import PoseNetwork
from fashion_mmpose.export.tracing import trace
from fashion_mmpose.inference.onnx.metadata import FORMAT, PoseMetadata
from fashion_mmpose.models.estimators import HeatmapEnsemble
from fashion_mmpose.version import __version__

from .crops import crop_of
from .graph import PoseGraph, example_inputs


def trace_pose(
    network: PoseNetwork,
    name: str,
    with_heatmaps: bool = False,
    fold_norms: bool = True,
):
    """A pose network as an ONNX graph, and what it says about itself.

    Args:
        network: PyTorch's.
        name: What its config is called, for errors.
        with_heatmaps: Whether the graph gives the heatmaps, too. Defaults to False.
        fold_norms: See :func:`fashion_mmpose.export.tracing.trace`. Defaults to True.

    Returns:
        tuple: The ``onnx.ModelProto`` and :class:`PoseMetadata`.

    Raises:
        FormatError: If it cannot be exported.
    """
    metadata = _metadata(network, name)
    graph = PoseGraph(network.model, network.flip_indices, with_heatmaps).eval()
    images, rows = example_inputs(graph, metadata.crop)
    model = trace(
        graph,
        dict(images=images, rows=rows),
        dict(images={0: 'batch'}, rows={0: 'count'}),
        ['points', 'scores', 'covariances', *(['heatmaps'] if with_heatmaps else [])],
        fold_norms,
    )
    return model, metadata


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
        calibration=network.calibration and network.calibration.to_dict(),
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
