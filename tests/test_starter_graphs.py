"""The starter's networks as graphs that read the weights of PyTorch's files."""

import json
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
from toolbox import ROOT, run_cold

from fashion_mmpose import GarmentDetector, GarmentInferencer, PoseNetwork, starter
from fashion_mmpose.errors import FormatError
from fashion_mmpose.export.detector.check import compare_boxes
from fashion_mmpose.export.network import NUM_BOXES
from fashion_mmpose.export.pose.check import compare_points
from fashion_mmpose.export.shared_weights import share_weights
from fashion_mmpose.export.starter import export_starter
from fashion_mmpose.inference import building
from fashion_mmpose.inference.onnx.detector import OnnxGarmentDetector
from fashion_mmpose.inference.onnx.pose import OnnxPoseNetwork
from fashion_mmpose.synthetic import draw_deepfashion2, draw_fashionai

pytest.importorskip('onnxruntime')
onnx = pytest.importorskip('onnx')

pytestmark = pytest.mark.slow

ALONE = ROOT / 'tests' / 'helpers' / 'without_plugin.py'
PREDICT = ROOT / 'tools' / 'predict.py'
SCRIPT = """
import sys
from fashion_mmpose import GarmentInferencer

(found,) = GarmentInferencer(benchmark='fashionai').garments('skirt.png', 'skirt')
assert found.keypoints.shape == (4, 2)
assert not {'torch', 'mmengine', 'mmpose', 'mmdet', 'timm'} & sys.modules.keys()
"""


def graph(name: str) -> Path:
    return starter.FOLDER / starter.graph_file(name)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a drawn outfit and a drawn skirt."""
    outfit = draw_deepfashion2(11, 2, 'short_sleeved_shirt').image
    cv2.imwrite(str(tmp_path / 'outfit.png'), outfit)
    cv2.imwrite(str(tmp_path / 'skirt.png'), draw_fashionai('skirt', 11, 2).image)
    return tmp_path


@pytest.mark.parametrize('name', [n for n in starter.NAMES if n != starter.DETECTOR])
def test_points_are_those_of_pytorch(name: str):
    network = PoseNetwork(*starter.config_and_weights(name))
    exported = OnnxPoseNetwork(graph(name), 'cpu')
    change = compare_points(network, exported)
    assert change.num_points > 100
    assert change.same >= 0.999  # within 0.01 px of the crop
    assert change.largest_score < 1e-4
    assert exported.categories == network.categories
    assert exported.bbox_source == network.bbox_source


def test_boxes_are_those_of_pytorch():
    detector = GarmentDetector(
        *starter.config_and_weights('detector'), 'cpu', 0, NUM_BOXES
    )
    exported = OnnxGarmentDetector(graph('detector'), 'cpu', 0, NUM_BOXES)
    change = compare_boxes(detector, exported)
    assert change.num_boxes >= 100 and change.num_other == 0
    assert change.largest_px < 0.01 and change.largest_score < 1e-4


def test_graphs_hold_no_weights_of_their_own():
    for name in starter.NAMES:
        parses = name.endswith(starter.PARSING)
        looks_twice = name.startswith('fashionai') or parses
        limit = 300_000 + 150_000 * looks_twice + 200_000 * parses
        assert graph(name).stat().st_size < limit
        model = onnx.load(graph(name), load_external_data=False)
        onnx.checker.check_model(str(graph(name)), full_check=True)
        places = {
            entry.value
            for tensor in model.graph.initializer
            for entry in tensor.external_data
            if entry.key == 'location'
        }
        assert places == {*starter.weights_files(name)}


def test_a_graph_is_written_beside_its_weights(tmp_path: Path, monkeypatch):
    calibration = 'deepfashion2.calibration.json'
    for name in (*starter.weights_files('deepfashion2'), calibration):
        shutil.copy(starter.FOLDER / name, tmp_path)
    monkeypatch.setattr(starter, 'NAMES', ('deepfashion2',))
    (change,) = export_starter(tmp_path).values()
    assert change.num_points > 100
    assert change.same >= 0.999 and change.largest_score < 1e-4
    written = OnnxPoseNetwork(tmp_path / 'deepfashion2.onnx', 'cpu')
    there = OnnxPoseNetwork(graph('deepfashion2'), 'cpu')
    assert (tmp_path / 'deepfashion2.onnx').stat().st_size < 300_000
    assert written.categories == there.categories
    assert written.calibration == there.calibration


def test_other_weights_are_refused(tmp_path: Path):
    model = onnx.load(graph('fashionai'))
    weights = [starter.FOLDER / file for file in starter.weights_files('fashionai')]
    name = 'model.head.final_layer.bias'
    half = next(t for t in model.graph.initializer if t.name == f'{name}.half')
    values = onnx.numpy_helper.to_array(half).astype(np.float32)
    wrong = onnx.numpy_helper.from_array(values + 1, name)
    changed = onnx.helper.make_model(onnx.helper.make_graph([], 'g', [], [], [wrong]))
    stored = {name: 'fashionai.head.final_layer.bias'}
    with pytest.raises(FormatError, match='final_layer.bias is not what the graph has'):
        share_weights(changed, weights, stored.get)
    large = onnx.numpy_helper.from_array(np.ones(10**6, np.float32), 'large')
    changed = onnx.helper.make_model(onnx.helper.make_graph([], 'g', [], [], [large]))
    with pytest.raises(FormatError, match='lacks 1000000 of the numbers'):
        share_weights(changed, weights, stored.get)
    shutil.copy(graph('fashionai'), tmp_path)
    with pytest.raises(FormatError, match='cannot be opened.*landmarks.safetensors'):
        OnnxPoseNetwork(tmp_path / 'fashionai.onnx', 'cpu')


def test_weights_of_another_training_are_refused(tmp_path: Path):
    shutil.copy(graph('detector'), tmp_path)
    weights = bytearray((starter.FOLDER / 'detector.safetensors').read_bytes())
    weights[-2] ^= 1  # as a training changes them: names and places stay
    (tmp_path / 'detector.safetensors').write_bytes(weights)
    with pytest.raises(FormatError, match='for other weights than .*detector.safet'):
        OnnxGarmentDetector(tmp_path / 'detector.onnx', 'cpu', 0, NUM_BOXES)


def test_without_pytorch(folder: Path):
    (folder / 'script.py').write_text(SCRIPT)
    run_cold(ALONE, folder / 'script.py', cwd=folder)
    done = run_cold(ALONE, PREDICT, 'outfit.png', '--out-dir', 'out', cwd=folder)
    assert 'short_sleeved_shirt' in done.stdout
    found = json.loads((folder / 'out' / 'predictions.json').read_text())
    assert {entry['category'] for entry in found} >= {'short_sleeved_shirt'}
    options = '--benchmark', 'fashionai', '--category', 'skirt', '--save-csv'
    run_cold(ALONE, PREDICT, 'skirt.png', '--out-dir', 'skirts', *options, cwd=folder)
    assert (folder / 'skirts' / 'predictions.csv').read_text().count('skirt') == 2


def test_a_device_that_onnxruntime_lacks(folder: Path):
    options = '--out-dir', 'out', '--device', 'mps'
    done = run_cold(ALONE, PREDICT, 'outfit.png', *options, cwd=folder, check=False)
    assert done.returncode == 1
    assert "device 'mps': this onnxruntime has no such execution" in done.stderr


@pytest.mark.parametrize(
    'given',
    [
        dict(pose2d_weights='hrnet.pth'),
        dict(det_weights='hrnet.pth'),
        dict(benchmark='fashionai', pose2d_weights='hrnet.pth'),
    ],
)
def test_weights_are_not_left_out_for_its_own(given: dict):
    message = 'hrnet.pth is given without the network that it is of, .* pose2d with'
    with pytest.raises(ValueError, match=message):
        GarmentInferencer(**given)


@pytest.mark.parametrize(
    'limits, message',
    [
        (dict(score_thr=30), 'score_thr must be between 0 and 1, got 30'),
        (dict(max_overlap=60), 'max_overlap must be between 0 and 1, got 60'),
        (dict(max_per_image=-1), 'max_per_image must be at least 1, got -1'),
    ],
)
def test_limits_that_leave_nothing_are_refused(limits: dict, message: str):
    with pytest.raises(ValueError, match=message):
        GarmentInferencer(det_options=limits)
    with pytest.raises(ValueError, match=message):
        GarmentDetector('starter/detector', 'starter://detector', **limits)


def test_what_runs_it(monkeypatch: pytest.MonkeyPatch):
    inferencer = GarmentInferencer()
    assert {*map(type, inferencer.networks.values())} == {OnnxPoseNetwork}
    assert isinstance(inferencer.detector, OnnxGarmentDetector)
    # A device of PyTorch alone.
    assert building.starter_network('detector', 'meta') == (
        'starter/detector',
        'starter://detector',
    )

    def is_missing():
        raise ImportError('exported networks need onnxruntime')

    monkeypatch.setattr(
        'fashion_mmpose.inference.onnx.session.require_onnxruntime', is_missing
    )
    inferencer = GarmentInferencer(device='cpu')
    assert {*map(type, inferencer.networks.values())} == {PoseNetwork}
    assert isinstance(inferencer.detector, GarmentDetector)
    monkeypatch.delattr('fashion_mmpose.build_networks', raising=False)
    monkeypatch.setitem(building.fashion_mmpose._PLACES, 'build_networks', 'no_torch')
    with pytest.raises(ImportError, match='need onnxruntime'):
        GarmentInferencer()
