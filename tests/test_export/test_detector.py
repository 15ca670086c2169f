"""Exported detectors find what PyTorch's find."""

import numpy as np
import pytest
import torch
from coarse_pictures import pictures
from mmengine.registry import DefaultScope
from toolbox import ROOT

from fashion_mmpose.apis import GarmentDetector
from fashion_mmpose.config.loading import load_config
from fashion_mmpose.errors import FormatError
from fashion_mmpose.export import export_network
from fashion_mmpose.inference import GarmentInferencer
from fashion_mmpose.inference.onnx.detector import OnnxGarmentDetector
from fashion_mmpose.inference.onnx.pose import OnnxPoseNetwork

pytest.importorskip('onnxscript')
pytest.importorskip('onnxruntime')

pytestmark = pytest.mark.slow

SIZES = [(90, 70), (40, 120), (64, 64)]


def assert_same_boxes(detector, other, images, categories=None):
    for found, same in zip(
        detector.detect(images, categories=categories),
        other.detect(images, categories=categories),
        strict=True,
    ):
        assert len(found) > 5 and found.labels == same.labels
        np.testing.assert_allclose(same.bboxes, found.bboxes, atol=1e-2)
        np.testing.assert_allclose(same.scores, found.scores, atol=1e-5)
        assert same.bboxes.dtype == same.scores.dtype == np.float32


@pytest.mark.parametrize(
    'options',
    [
        pytest.param({}, id='all'),
        pytest.param(dict(score_thr=0.3, max_overlap=0.6), id="the inferencer's"),
        pytest.param(dict(score_thr=0.5, max_per_image=7), id='few'),
    ],
)
def test_same_boxes(small_detector, exported, options):
    detector = GarmentDetector(*map(str, small_detector), 'cpu', **options)
    other = OnnxGarmentDetector(exported('detector'), 'cpu', **options)
    assert other.classes == detector.classes
    assert_same_boxes(detector, other, pictures(SIZES))
    categories = ['skirt', None, 'blouse']
    assert_same_boxes(detector, other, pictures(SIZES), categories)
    assert other.detect([]) == []
    with pytest.raises(ValueError, match='picture 0 must be of shape'):
        other.detect([np.zeros((4, 4), np.uint8)])


def test_retinanet_with_inputs_of_several_sizes(tmp_path):
    """Pictures are padded by the data preprocessor, each batch to another size."""
    options = {
        'model.backbone.init_cfg': None,
        'model.backbone.depth': 18,
        'model.backbone.base_channels': 8,
        'model.backbone.num_stages': 2,
        'model.backbone.strides': (1, 2),
        'model.backbone.dilations': (1, 1),
        'model.backbone.out_indices': (0, 1),
        'model.neck.in_channels': [8, 16],
        'model.neck.start_level': 0,
        'model.neck.num_outs': 3,
        'model.bbox_head.anchor_generator.strides': [4, 8, 16],
        'model.bbox_head.stacked_convs': 1,
    }
    path = str(ROOT / 'configs/detection/retinanet_r50_fashionai.py')
    cfg = load_config(path, cfg_options=options)
    cfg.test_dataloader.dataset.pipeline[1].scale = (96, 96)
    from mmdet.registry import MODELS

    torch.manual_seed(0)
    with DefaultScope.overwrite_default_scope('mmdet'):
        model = MODELS.build(cfg.model)
    with torch.no_grad():
        # No two scores alike: their order would be left to chance.
        model.bbox_head.retina_cls.weight.normal_(std=0.05)
        model.bbox_head.retina_reg.weight.normal_(std=0.02)
    weights = tmp_path / 'r.pth'
    torch.save(model.state_dict(), weights)
    out = tmp_path / 'retina.onnx'
    assert export_network(cfg, weights, out, verify=False) is None
    detector = GarmentDetector(cfg, weights, 'cpu', score_thr=0)
    other = OnnxGarmentDetector(out, 'cpu', score_thr=0)
    assert other.metadata.input.fixed_wh is None
    assert_same_boxes(detector, other, pictures(SIZES))
    assert_same_boxes(detector, other, pictures(SIZES[:1]))


def test_an_inferencer_of_files_alone(small, small_detector, exported):
    pose, det = exported('fashionai_all'), exported('detector')
    ours = GarmentInferencer(pose=pose, det=det, device='cpu')
    theirs = GarmentInferencer(
        *small.of('fashionai_all'), *map(str, small_detector), device='cpu'
    )
    found, expected = (list(each.garments(small.paths)) for each in (ours, theirs))
    assert len(found) == len(expected) > 5
    for one, other in zip(found, expected):
        assert one.category == other.category
        np.testing.assert_allclose(one.bbox, other.bbox, atol=0.1)
        np.testing.assert_allclose(one.scores, other.scores, atol=0.05)
    with pytest.raises(FormatError, match='is a pose network, not a detector'):
        GarmentInferencer(pose=pose, det=pose)
    with pytest.raises(FormatError, match='is a detector, not a pose network'):
        OnnxPoseNetwork(det)
