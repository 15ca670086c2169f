"""Which files are taken for exported networks."""

import shutil
from pathlib import Path

import pytest

from fashion_mmpose import starter
from fashion_mmpose.cli.options.networks import with_pairs
from fashion_mmpose.inference import GarmentInferencer

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
