"""Exported networks where PyTorch and OpenMMLab cannot be imported."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from toolbox import ROOT, run_cold

from fashion_mmpose.cli.main import main

pytest.importorskip('onnxscript')
pytest.importorskip('onnxruntime')

pytestmark = pytest.mark.slow

ALONE = ROOT / 'tests' / 'helpers' / 'without_plugin.py'
SCRIPT = """
import sys
from fashion_mmpose.inference import GarmentInferencer

inferencer = GarmentInferencer(pose='pose.onnx', det='det.onnx', device='cpu')
garments = list(inferencer.garments(sys.argv[1]))
assert garments and all(garment.scores.shape for garment in garments)
assert not {'torch', 'mmengine', 'mmpose', 'mmdet'} & sys.modules.keys()
print(len(garments))
"""


@pytest.fixture(scope='module')
def folder(exported, tmp_path_factory) -> Path:
    """A folder with networks as files."""
    folder = tmp_path_factory.mktemp('alone')
    files = dict(pose='fashionai_all', blouse='fashionai_blouse', det='detector')
    for name, network in files.items():
        shutil.copy(exported(network), folder / f'{name}.onnx')
    return folder


def entries(folder: Path) -> list[dict]:
    return json.loads((folder / 'predictions.json').read_text())


def test_from_python(small, folder):
    (folder / 'script.py').write_text(SCRIPT)
    done = run_cold(ALONE, folder / 'script.py', small.folder, cwd=folder)
    assert int(done.stdout) > 3


def test_the_command_and_the_same_as_with_pytorch(small, small_detector, folder):
    files = '--pose', 'pose.onnx', '--det', 'det.onnx', '--device', 'cpu'
    run_cold(
        *(ALONE, ROOT / 'tools' / 'predict.py', *small.paths, *files),
        *('--out-dir', 'alone', '--save-vis', '--save-json', '--save-csv'),
        cwd=folder,
    )
    assert len(list((folder / 'alone' / 'drawn').iterdir())) == len(small.paths)
    configs = '--pose', *small.of('fashionai_all'), '--det', *map(str, small_detector)
    options = '--device', 'cpu', '--out-dir', str(folder / 'torch')
    assert main(['predict', *small.paths, *configs, *options]) == 0
    found, expected = entries(folder / 'alone'), entries(folder / 'torch')
    assert len(found) == len(expected) > 3
    for one, other in zip(found, expected):
        assert one['image'] == other['image'] and one['category'] == other['category']
        np.testing.assert_allclose(one['bbox'], other['bbox'], atol=0.1)


def test_a_file_for_each_category_and_wrong_ones(small, folder, capsys):
    blouse = folder / 'blouse.onnx'
    options = '--device', 'cpu', '--out-dir', str(folder / 'each')
    poses = '--pose', str(blouse), '--pose', *small.of('fashionai_skirt')
    boxes = '--det', str(folder / 'det.onnx')
    assert main(['predict', *small.paths, *poses, *boxes, *options]) == 0
    categories = {entry['category'] for entry in entries(folder / 'each')}
    assert categories and categories <= {'blouse', 'skirt'}
    twice = '--pose', str(blouse), '--pose', *small.of('fashionai_blouse')
    assert main(['predict', *small.paths, *twice, *boxes, *options]) == 1
    assert "are both for 'blouse'" in capsys.readouterr().err


def test_the_command_that_exports(traced, tmp_path, capsys):
    out = tmp_path / 'pose.onnx'
    network = traced('fashionai_blouse')
    assert main(['export', *network, '--out', str(out), '--half']) == 0
    printed = capsys.readouterr().out
    assert 'points compared with PyTorch' in printed and f'{out}: ' in printed
    for wrong, message in (
        (['--out', 'pose.pt'], 'must end in .onnx'),
        (['--out', 'a.onnx', '--half', '--int8'], 'not allowed with'),
    ):
        with pytest.raises(SystemExit, match='2'):
            main(['export', *network, *wrong])
        assert message in capsys.readouterr().err
