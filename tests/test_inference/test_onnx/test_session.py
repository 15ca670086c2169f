"""Files that are taken for exported networks, and what is open of them."""

import pickle
import shutil
from pathlib import Path

import numpy as np
import pytest

from fashion_mmpose import starter
from fashion_mmpose.cli.options.networks import with_pairs
from fashion_mmpose.inference import GarmentInferencer
from fashion_mmpose.synthetic import draw_deepfashion2

pytest.importorskip('onnxruntime')


@pytest.mark.slow
def test_suffixes_in_capitals(tmp_path: Path):
    for name in ('deepfashion2', 'detector'):
        shutil.copy(starter.FOLDER / f'{name}.onnx', tmp_path / f'{name}.ONNX'.upper())
    for weights in starter.FOLDER.glob('*.safetensors'):
        shutil.copy(weights, tmp_path)
    pose, det = (
        str(tmp_path / name) for name in ('DEEPFASHION2.ONNX', 'DETECTOR.ONNX')
    )
    inferencer = GarmentInferencer(pose=pose, det=det, device='cpu')
    assert len(inferencer.networks) == 13 and inferencer.detector is not None
    by_category = GarmentInferencer(pose=dict(skirt=pose), device='cpu')
    assert list(by_category.networks) == ['skirt']
    assert with_pairs(['--det', det, 'shop']) == ['--det', det, '', 'shop']


@pytest.mark.slow
def test_what_runs_them_can_be_sent_to_other_processes(monkeypatch, tmp_path: Path):
    monkeypatch.chdir(starter.FOLDER)
    inferencer = GarmentInferencer(
        pose='deepfashion2.onnx', det='detector.onnx', device='cpu'
    )
    sent = pickle.dumps(inferencer)
    assert len(sent) < 100_000  # files are opened there, not sent
    monkeypatch.chdir(tmp_path)
    picture = draw_deepfashion2(11, 0, 'short_sleeved_shirt').image
    found = list(inferencer.garments(picture))
    arrived = list(pickle.loads(sent).garments(picture))
    assert len(found) == len(arrived) >= 1
    for here, there in zip(found, arrived):
        np.testing.assert_array_equal(here.keypoints, there.keypoints)
        assert here.score == there.score
