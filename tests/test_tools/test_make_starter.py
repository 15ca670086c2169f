"""tools/make_starter.py, small: every step runs and leaves its file."""

import json

import onnx
import pytest
from safetensors.torch import load_file
from toolbox import ROOT, load_tool, run

from fashion_mmpose.inference.onnx.metadata import read_metadata
from fashion_mmpose.measure.calibration import beside, read_calibration
from fashion_mmpose.starter import DETECTOR, NAMES

pytestmark = pytest.mark.slow


def test_from_nothing(tmp_path, monkeypatch):
    amounts = ('--num-outfits', 13, '--num-garments', 2, '--num-test', 5)
    few = ('--num-calibration', 6)
    arguments = (*amounts, *few, '--epochs', 1, '--out', 'made')
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
        metadata = read_metadata(told, name)
        assert metadata.weights == 'float16'
        if name != DETECTOR:
            fitted = read_calibration(beside(tmp_path / 'made' / f'{name}.onnx'))
            assert metadata.calibration == fitted.to_dict()
            assert fitted.curve is not None
    report = json.loads((tmp_path / 'made' / 'starter.json').read_text())
    assert report['trained_on'] == dict(outfits=13, garments_of_each_category=2)
    assert 'starter/AP' in report['drawn']['landmarks']
    assert 'coco/bbox_mAP' in report['drawn']['detector']

    # Calibrations alone, to the same pictures: they are as before, and nothing else is
    # made anew but the graphs, which were seen above.
    path = tmp_path / 'made' / 'fashionai.calibration.json'
    before, weights = path.read_bytes(), landmarks['fashionai.head.final_layer.weight']
    path.unlink()
    monkeypatch.syspath_prepend(str(ROOT / 'tools'))
    making, exported = load_tool('make_starter.py'), []
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(making, 'export', exported.append)
    monkeypatch.setattr(making, 'BENCHMARKS', ('fashionai',))
    assert making.main(['--out', 'made', '--only-calibration', *map(str, few)]) == 0
    assert path.read_bytes() == before
    assert [str(args.out) for args in exported] == ['made']
    same = load_file(tmp_path / 'made' / 'landmarks.safetensors')
    assert (same['fashionai.head.final_layer.weight'] == weights).all()
