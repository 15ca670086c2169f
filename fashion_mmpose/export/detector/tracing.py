"""Detectors as graphs that say all about themselves."""

from collections.abc import Mapping, Sequence

import numpy as np
import torch

from fashion_mmpose.apis import GarmentDetector
from fashion_mmpose.errors import FormatError
from fashion_mmpose.export.tracing import trace
from fashion_mmpose.inference.onnx.metadata import FORMAT, DetectorMetadata, Suppression
from fashion_mmpose.inference.onnx.picture_input import PictureInput
from fashion_mmpose.version import __version__

from .graph import DetectorGraph

ALL = 10**6  # more boxes than any detector gives


def trace_detector(detector: GarmentDetector, name: str, fold_norms: bool = True):
    """A detector as an ONNX graph, and what it says about itself.

    Args:
        detector: PyTorch's.
        name: What its config is called, for errors.
        fold_norms: See :func:`fashion_mmpose.export.tracing.trace`. Defaults to True.

    Returns:
        tuple: The ``onnx.ModelProto`` and :class:`DetectorMetadata`.

    Raises:
        FormatError: If it cannot be exported.
    """
    graph = DetectorGraph(detector.model).eval()
    metadata = _metadata(detector, name)
    width, height = metadata.input.fixed_wh or (
        8 * metadata.input.divisor,
        6 * metadata.input.divisor,
    )
    free = {0: torch.export.Dim('batch')}
    if metadata.input.fixed_wh is None:
        for axis, side in ((1, 'rows'), (2, 'columns')):
            free[axis] = metadata.input.divisor * torch.export.Dim(side)
    images = torch.from_numpy(np.zeros((2, height, width, 3), metadata.input.dtype))
    model = trace(
        graph,
        dict(images=images),
        dict(images=free),
        ['boxes', 'scores'],
        fold_norms,
    )
    return model, metadata


def _metadata(detector: GarmentDetector, name: str) -> DetectorMetadata:
    head = detector.model.bbox_head
    boxes_per_cell = {*head.prior_generator.num_base_priors}
    strides = [
        stride if isinstance(stride, int) else stride[0]
        for stride in head.prior_generator.strides
    ]
    if len(boxes_per_cell) != 1:
        raise FormatError(f'{name}: its levels have {boxes_per_cell} boxes in a cell')
    return DetectorMetadata(
        format=FORMAT,
        version=__version__,
        classes=detector.classes,
        input=_input_of(detector, name),
        color='bgr',
        strides=tuple(strides),
        boxes_per_cell=boxes_per_cell.pop(),
        suppression=_suppression(head.test_cfg, name),
        weights='float32',
    )


def _suppression(test_cfg: Mapping, name: str) -> Suppression:
    rule = dict(test_cfg.get('nms') or {})
    kind = rule.pop('type', 'nms')
    iou_thr = rule.pop('iou_threshold', rule.pop('iou_thr', None))
    if kind != 'nms' or rule or iou_thr is None:
        raise FormatError(
            f'{name}: the suppression {test_cfg.get("nms")} cannot be exported; to fix '
            "it: set model.test_cfg.nms=dict(type='nms', iou_threshold=...)"
        )
    limits = {
        key: test_cfg.get(key, -1)
        for key in ('nms_pre', 'max_per_img', 'min_bbox_size')
    }
    return Suppression(
        score_thr=float(test_cfg.get('score_thr', 0)),
        iou_thr=float(iou_thr),
        nms_pre=limits['nms_pre'] if limits['nms_pre'] >= 0 else ALL,
        max_per_img=limits['max_per_img'] if limits['max_per_img'] >= 0 else ALL,
        min_bbox_size=float(limits['min_bbox_size']),
    )


def _input_of(detector: GarmentDetector, name: str) -> PictureInput:
    """What the test pipeline and the data preprocessor do with a picture."""
    preprocessor = detector.model.data_preprocessor
    told = dict(pad_wh=None, fill=(0, 0, 0))
    for step in detector.file_pipeline.transforms:
        kind = type(step).__name__
        if kind in ('LoadImageFromFile', 'PackDetInputs'):
            continue
        if kind == 'Resize' and step.scale is not None and step.backend == 'cv2':
            told.update(scale_wh=tuple(step.scale), keep_ratio=step.keep_ratio)
        elif kind == 'Pad' and step.size is not None and 'scale_wh' in told:
            fill = step.pad_val.get('img', 0)
            told.update(
                pad_wh=tuple(step.size),
                fill=tuple(fill) if isinstance(fill, Sequence) else (fill,) * 3,
            )
        else:
            raise FormatError(
                f'{name}: the step {step} of its test pipeline cannot be exported; to '
                'fix it: use Resize with a scale, and Pad with a size after it'
            )
    if 'scale_wh' not in told:
        raise FormatError(f'{name}: its test pipeline has no Resize with a scale')
    fill = np.full(3, float(preprocessor.pad_value))
    if preprocessor._enable_normalize:
        mean, std = preprocessor.mean.flatten(), preprocessor.std.flatten()
        fill = fill * std.cpu().numpy() + mean.cpu().numpy()
    if preprocessor._channel_conversion:
        fill = fill[::-1]
    return PictureInput(
        **told,
        divisor=preprocessor.pad_size_divisor,
        batch_fill=tuple(fill.tolist()),
        clips=bool(getattr(detector.model.bbox_head.bbox_coder, 'clip_border', True)),
    )
