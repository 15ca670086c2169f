"""An ensemble in the tools and in MMPose's inference API."""

import json

import cv2
import numpy as np
import pytest
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmpose.apis import inference_topdown
from mmpose.datasets.datasets.utils import parse_pose_metainfo
from mmpose.registry import MODELS
from toolbox import tool

from fashion_mmpose import garments
from fashion_mmpose.formats.coco.annotations import image_path

pytestmark = pytest.mark.slow

ENSEMBLE = """
_base_ = './tiny.py'

model = dict(
    _delete_=True,
    type='HeatmapEnsemble',
    members=[
        dict(config='tiny.py', checkpoint='work_dirs/tiny/epoch_1.pth'),
        dict(config='tiny.py', checkpoint='work_dirs/tiny/epoch_4.pth', weight=2.0),
    ],
    scales=(1.0, 1.5),
    decoder=_base_.model.head.decoder,
)
"""


@pytest.fixture(scope='module')
def ensemble(trained):
    """The folder, with ``ensemble.py``, its predictions and its log."""
    (trained / 'ensemble.py').write_text(ENSEMBLE)
    result = tool('test.py', 'ensemble.py', '--out', 'ensemble.json', cwd=trained)
    return trained, result.stdout + result.stderr


def test_tested_like_any_network(ensemble):
    folder, log = ensemble
    assert 'fashionai/NE:' in log
    images = json.loads((folder / 'data/annotations/test_blouse.json').read_text())
    predictions = json.loads((folder / 'ensemble.json').read_text())
    assert {p['image_id'] for p in predictions} == {i['id'] for i in images['images']}
    assert np.isfinite([p['keypoints'] for p in predictions]).all()


def test_the_metrics_are_left_as_numbers(ensemble):
    folder, log = ensemble
    written = json.loads((folder / 'work_dirs/ensemble/test/metrics.json').read_text())
    metrics = written['metrics']
    assert f'fashionai/NE: {metrics["fashionai/NE"]:.6f}' in log
    assert f'fashionai/num_points: {metrics["fashionai/num_points"]}  ' in log
    init_default_scope('mmpose')
    member = MODELS.build(Config.fromfile(folder / 'tiny.py').model)
    num_parameters = sum(each.numel() for each in member.parameters())
    assert written['num_parameters'] == 2 * num_parameters
    assert written['loop_seconds'] > 0


def test_in_the_inference_api(ensemble, monkeypatch):
    folder, _ = ensemble
    monkeypatch.chdir(folder)  # the members' paths are relative
    config = Config.fromfile('ensemble.py')
    init_default_scope('mmpose')
    model = MODELS.build(config.model).eval()
    model.cfg = config
    model.dataset_meta = parse_pose_metainfo(garments.metainfo('fashionai', 'blouse'))
    images = json.loads((folder / 'data/annotations/test_blouse.json').read_text())
    predictions = {
        entry['image_id']: np.reshape(entry['keypoints'], (-1, 3))
        for entry in json.loads((folder / 'ensemble.json').read_text())
    }
    image = images['images'][0]
    path = folder / 'data' / image_path(image)
    picture = cv2.imread(str(path))
    (result,) = inference_topdown(model, picture)
    np.testing.assert_allclose(
        result.pred_instances.keypoints[0], predictions[image['id']][:, :2], atol=1e-2
    )


def test_not_trained(ensemble):
    folder, _ = ensemble
    result = tool('train.py', 'ensemble.py', cwd=folder, check=False)
    assert result.returncode == 1
    assert 'train its members' in result.stderr
    assert 'Traceback' not in result.stderr


def test_a_network_needs_its_checkpoint(trained):
    result = tool('test.py', 'tiny.py', cwd=trained, check=False)
    assert result.returncode == 1
    assert 'CHECKPOINT is missing' in result.stderr
