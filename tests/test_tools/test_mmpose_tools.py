"""MMPose's own tools and demos, as a user of MMPose calls them.

They import MMPose before they read a config, so mmcv-lite must be complete by then: by
the file that ``make setup`` puts beside it, or by ``fashion-mmpose run``. The former
run in forks of a Python that has imported MMPose and MMDetection, and nothing of this
package; the latter in forks of one that has imported nothing of OpenMMLab either.
"""

import json
import os
import re
import subprocess
from pathlib import Path

import cv2
import mmcv
import mmpose
import numpy as np
import pytest
import torch
from tiny_detector import save_detector, write_config
from toolbox import ROOT, run
from warm_python import WarmPython

from fashion_mmpose.operators import serve_operators, write_extension

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not serve_operators(), reason='a compiled mmcv is installed'),
]

MIM = Path(mmpose.__file__).parent / '.mim'
CHECKPOINT = 'work_dirs/tiny/epoch_4.pth'
WEIGHTS = 'plain.pth'
LIBRARIES = os.environ['WARM_PYTHON_OF_LIBRARIES']


@pytest.fixture(scope='module')
def set_up(tmp_path_factory):
    """A folder for PYTHONPATH with mmcv-lite as ``make setup`` leaves it."""
    folder = tmp_path_factory.mktemp('site')
    installed = Path(mmcv.__file__).parent
    (folder / 'mmcv').mkdir()
    for path in installed.iterdir():
        if path.name not in ('__pycache__', '_ext.py'):
            (folder / 'mmcv' / path.name).symlink_to(path)
    assert write_extension(folder / 'mmcv') == folder / 'mmcv' / '_ext.py'
    return folder


@pytest.fixture(scope='module')
def with_mmpose(set_up):
    places = f'{set_up}{os.pathsep}{ROOT}'
    python = WarmPython('mmpose.apis', 'mmdet.apis', search_path=places, of=LIBRARIES)
    yield python
    python.close()


@pytest.fixture(scope='module')
def place(trained):
    """The folder of a small network that was trained, with a detector and weights."""
    save_detector(write_config(trained / 'tiny_det.py'), trained / 'det.pth')
    command = (ROOT / 'tools/convert_checkpoint.py', 'mmpose', CHECKPOINT, WEIGHTS)
    run(*command, cwd=trained)
    return trained


@pytest.fixture
def call(request, with_mmpose, place):
    """Runs a script of MMPose as it is, or by `fashion-mmpose run`; its output."""

    def call(script, *arguments):
        begin, path = [with_mmpose.program, MIM / script], with_mmpose.search_path
        if getattr(request, 'param', None) == 'run':
            begin = [LIBRARIES, '-m', 'fashion_mmpose', 'run', MIM / script]
            path = os.environ.get('PYTHONPATH', '')
        done = subprocess.run(
            [*map(str, (*begin, *arguments))],
            cwd=place,
            env=os.environ | dict(PYTHONPATH=path),
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, f'{done.stdout}\n{done.stderr}'
        return f'{done.stdout}\n{done.stderr}'

    return call


both_ways = pytest.mark.parametrize('call', ['set up', 'run'], indirect=True)


def picture_of(place):
    return sorted((place / 'data/test/Images/blouse').iterdir())[0]


def assert_drawn(path, source):
    """Points and lines were drawn over the picture, and nothing else changed."""
    drawn, before = cv2.imread(str(path)), cv2.imread(str(source))
    assert drawn.shape == before.shape
    changed = (abs(drawn.astype(int) - before).max(axis=2) > 60).mean()
    assert 0.0005 < changed < 0.3


@both_ways
def test_get_flops(call):
    table = call('tools/analysis_tools/get_flops.py', 'tiny.py', '--input-shape', 64)
    assert re.search(r'Params: 14\.\d+K', table), table
    assert 'head.refine_net' in table


def test_print_config(call):
    assert "type='FashionAIDataset'" in call(
        'tools/analysis_tools/print_config.py', 'tiny.py'
    )


def test_analyze_logs(call, place, tmp_path):
    pytest.importorskip('seaborn')
    (log,) = place.glob('work_dirs/tiny/*/vis_data/scalars.json')
    out = tmp_path / 'loss.png'
    script = 'tools/analysis_tools/analyze_logs.py'
    call(script, 'plot_curve', log, '--keys', 'loss', '--out', out)
    assert cv2.imread(str(out)) is not None
    assert 'average iter time' in call(script, 'cal_train_time', log)


def test_browse_dataset(call, tmp_path):
    options = '--output-dir', tmp_path, '--not-show', '--phase', 'val'
    call('tools/misc/browse_dataset.py', 'tiny.py', *options, '--mode', 'original')
    drawn = [cv2.imread(str(path)) for path in tmp_path.rglob('*.jpg')]
    assert len(drawn) == 3 and all(picture is not None for picture in drawn)


def test_train_and_test(call, tmp_path):
    options = '--work-dir', tmp_path, '--cfg-options'
    call('tools/train.py', 'tiny.py', *options, 'train_cfg.max_epochs=1')
    weights = tmp_path / 'epoch_1.pth'
    said = call('tools/test.py', 'tiny.py', weights, '--work-dir', tmp_path / 'test')
    assert re.search(r'fashionai/NE: \d', said)


def test_publish_model(call, place, tmp_path):
    call('tools/misc/publish_model.py', place / WEIGHTS, tmp_path / 'out.pth')
    (path,) = tmp_path.glob('out-*_????????.pth')
    weights = torch.load(place / WEIGHTS, weights_only=True)['state_dict']
    published = torch.load(path, weights_only=True)['state_dict']
    assert published.keys() == weights.keys()


@pytest.mark.parametrize('call', ['run'], indirect=True)
def test_publish_model_of_a_training(call, place, tmp_path):
    """MMEngine's classes are in the file, which PyTorch alone would refuse."""
    call('tools/misc/publish_model.py', place / CHECKPOINT, tmp_path / 'out.pth')
    assert len([*tmp_path.glob('out-*_????????.pth')]) == 1


@pytest.mark.parametrize('weights', [CHECKPOINT, WEIGHTS], ids=['training', 'plain'])
def test_image_demo(call, place, tmp_path, weights):
    source, out = picture_of(place), tmp_path / 'out.jpg'
    options = '--out-file', out, '--device', 'cpu', '--kpt-thr', 0
    call('demo/image_demo.py', source, 'tiny.py', weights, *options)
    assert_drawn(out, source)


def test_inferencer_demo(call, place, tmp_path):
    source = picture_of(place)
    call(
        'demo/inferencer_demo.py',
        *(source, '--pose2d', 'tiny.py', '--pose2d-weights', WEIGHTS),
        *('--det-model', 'whole_image', '--device', 'cpu', '--kpt-thr', 0),
        *('--vis-out-dir', tmp_path, '--pred-out-dir', tmp_path / 'json'),
    )
    assert_drawn(tmp_path / source.name, source)
    found = json.loads((tmp_path / 'json' / f'{source.stem}.json').read_text())
    assert np.shape(found[0]['keypoints']) == (13, 2)


@both_ways
def test_topdown_demo(call, place, tmp_path):
    source = picture_of(place)
    call(
        'demo/topdown_demo_with_mmdet.py',
        *('tiny_det.py', 'det.pth', 'tiny.py', WEIGHTS, '--input', source),
        *('--output-root', tmp_path, '--save-predictions', '--device', 'cpu'),
        *('--bbox-thr', 0, '--kpt-thr', 0, '--det-cat-id', 0),
    )
    assert_drawn(tmp_path / source.name, source)
    found = json.loads((tmp_path / f'results_{source.stem}.json').read_text())
    assert np.shape(found['instance_info'][0]['keypoints']) == (13, 2)


def test_generate_bbox_file(call, place, tmp_path):
    out = tmp_path / 'boxes.json'
    call(
        'tools/misc/generate_bbox_file.py',
        *('tiny_det.py', 'det.pth', out, '--pose-config', 'tiny.py'),
    )
    boxes = json.loads(out.read_text())
    coco = json.loads((place / 'data/annotations/test_blouse.json').read_text())
    assert {box['image_id'] for box in boxes} == {each['id'] for each in coco['images']}
    assert {len(box['bbox']) for box in boxes} == {4}


@pytest.mark.parametrize('broken', ['deform_conv_forward', 'ball_query_forward'])
def test_an_operator_that_nobody_has_says_so(with_mmpose, tmp_path, broken):
    script = tmp_path / 'use.py'
    script.write_text(f'import mmcv._ext; mmcv._ext.{broken}(1)')
    done = subprocess.run(
        [with_mmpose.program, script],
        cwd=tmp_path,
        env=os.environ | dict(PYTHONPATH=with_mmpose.search_path),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert f"operator '{broken}' needs a compiled mmcv" in done.stderr


def test_compiled_operators_stay(tmp_path):
    (tmp_path / '_ext.cpython-311-x86_64-linux-gnu.so').touch()
    assert write_extension(tmp_path) is None
    assert len([*tmp_path.iterdir()]) == 1
