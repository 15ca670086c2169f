"""tools/make_starter.py, small: every step runs and leaves its file."""

import json

import onnx
import pytest
from safetensors.torch import load_file
from toolbox import ROOT, run

from fashion_mmpose.inference.onnx.metadata import read_metadata
from fashion_mmpose.starter import NAMES

pytestmark = pytest.mark.slow


def test_from_nothing(tmp_path):
    amounts = ('--num-outfits', 13, '--num-garments', 2, '--num-test', 5)
    arguments = (*amounts, '--epochs', 1, '--out', 'made')
    run(ROOT / 'tools/make_starter.py', *arguments, cwd=tmp_path)
    landmarks = load_file(tmp_path / 'made' / 'landmarks.safetensors')
    assert landmarks['deepfashion2.head.final_layer.weight'].shape[0] == 81
    assert landmarks['fashionai.head.final_layer.weight'].shape[0] == 24
    detector = load_file(tmp_path / 'made' / 'detector.safetensors')
    # It starts from the landmarks' backbone, and keeps its first layers.
    name = 'backbone.features.conv_stem.weight'
    assert (detector[name] == landmarks[name]).all()
    for name in NAMES:
        graph = onnx.load(tmp_path / 'made' / f'{name}.onnx', load_external_data=False)
        told = {entry.key: entry.value for entry in graph.metadata_props}
        assert read_metadata(told, name).weights == 'float16'
    report = json.loads((tmp_path / 'made' / 'starter.json').read_text())
    assert report['trained_on'] == dict(outfits=13, garments_of_each_category=2)
    assert 'starter/AP' in report['drawn']['landmarks']
    assert 'coco/bbox_mAP' in report['drawn']['detector']
