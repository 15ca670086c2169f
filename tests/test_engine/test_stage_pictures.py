"""The picture of the stages: right content, right place, nothing disturbed."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.runner import Runner
from toolbox import CONFIG, ROOT

from fashion_mmpose.engine import StagePictureHook

CPM = """
points = dict(
    type='PointHeatmap', input_size=(64, 64), heatmap_size=(8, 8), sigma=1.0
)
model = dict(
    backbone=dict(_delete_=True, type='CPMVGG', base_channels=2, out_channels=8),
    head=dict(
        _delete_=True,
        type='CPMRefineHead',
        in_channels=8,
        out_channels=13,
        num_stages=3,
        stem_channels=8,
        channels=8,
        decoder=points,
    ),
)
train_pipeline = [
    dict(type='LoadImage'),
    dict(type='GetBBoxCenterScale', padding=1.0),
    dict(type='RandomMirror', prob=0.5),
    dict(type='TopdownStretch', input_size=(64, 64)),
    dict(type='GenerateTarget', encoder=points),
    dict(type='PackGarmentInputs'),
]
train_dataloader['dataset']['pipeline'] = train_pipeline
"""


@pytest.fixture
def config(drawn, tmp_path):
    def make(extra='', **hook):
        text = CONFIG.format(root=ROOT, data=drawn / 'data')
        (tmp_path / 'config.py').write_text(text + extra)
        config = Config.fromfile(tmp_path / 'config.py')
        config.work_dir = str(tmp_path / f'run{len(list(tmp_path.iterdir()))}')
        config.train_cfg.max_epochs = 2
        config.train_dataloader.num_workers = 0
        config.log_level = 'ERROR'
        if hook:
            config.custom_hooks.append(dict(type='StagePictureHook', **hook))
        config.experiment_name = config.work_dir
        config.visualizer.name = config.work_dir
        return config

    return make


def train(config):
    runner = Runner.from_cfg(config)
    runner.train()
    return runner


def pictures(runner):
    folder = next(iter(runner.visualizer._vis_backends.values()))._img_save_dir
    return {path.name: cv2.imread(str(path)) for path in folder_files(folder)}


def folder_files(folder):
    return sorted(Path(folder).glob('*.png'))


def test_one_picture_an_epoch_and_the_same_weights(config):
    plain = train(config())
    hooked = train(config(index=1))
    assert set(pictures(hooked)) == {'stages_1.png', 'stages_2.png'}
    for picture in pictures(hooked).values():
        assert picture.shape == (256, 4 * 256, 3)  # global, refined, target, overlay
    for name, weight in plain.model.state_dict().items():
        assert torch.equal(weight, hooked.model.state_dict()[name]), name


def test_chosen_stages_of_a_cpm(config):
    runner = train(config(CPM, stages=(1, 3), interval=2))
    found = pictures(runner)
    assert set(found) == {'stages_2.png'}
    assert found['stages_2.png'].shape == (256, 4 * 256, 3)


def test_the_target_lies_on_the_key_points(config):
    runner = Runner.from_cfg(config())
    hook = StagePictureHook(index=0)
    picture = hook.draw(runner)
    target = picture[:, 512:768].astype(int)
    sample = runner.val_dataloader.dataset[0]['data_samples']
    keypoints = np.reshape(sample.raw_ann_info['keypoints'], (-1, 3)).astype(float)
    labelled = keypoints[keypoints[:, 2] > 0, :2]
    corner = sample.input_center - sample.input_scale / 2
    places = (labelled - corner) / sample.input_scale * 256
    # Viridis runs from dark blue to yellow: green tells the height.
    green = target[..., 1]
    for x, y in places.round().astype(int):
        if 8 <= x < 248 and 8 <= y < 230:
            assert green[y - 8 : y + 8, x - 8 : x + 8].max() > 170
    far = np.ones((256, 256), bool)
    for x, y in places.round().astype(int):
        far[max(0, y - 60) : y + 60, max(0, x - 60) : x + 60] = False
    far[226:] = False  # the caption
    assert not far.any() or green[far].max() < 60


@pytest.mark.parametrize(
    'hook, message',
    [
        pytest.param(dict(stages=(1, 3)), r'has 2 stages, not \[3\]', id='stage'),
        pytest.param(dict(index=99), 'none has index 99', id='sample'),
    ],
)
def test_wrong_requests_stop_before_training(config, hook, message):
    with pytest.raises(ValueError, match=message):
        train(config(**hook))
