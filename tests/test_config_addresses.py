"""Configs of the package by MMEngine's addresses: ``fashion_mmpose::NAME.py``."""

import mmengine.hub
import pytest
from mmengine.config import Config
from mmengine.registry import DefaultScope
from mmpose.registry import MODELS

from fashion_mmpose.config import read_config

NAME = 'cpn_r50_fashionai_blouse'


@pytest.mark.parametrize('name', [NAME, 'small/cpn_r18_all'])
def test_as_a_base(tmp_path, name):
    path = tmp_path / 'own.py'
    path.write_text(
        f"_base_ = 'fashion_mmpose::{name}.py'\n"
        'model = dict(backbone=dict(init_cfg=None), head=dict(decoder=_base_.codec))\n'
    )
    config, expected = Config.fromfile(path), read_config(name)
    expected.model.backbone.init_cfg = None
    assert config.model == expected.model
    assert config.train_dataloader == expected.train_dataloader
    with DefaultScope.overwrite_default_scope('mmpose'):
        assert type(MODELS.build(config.model)).__name__ == 'TopdownPoseEstimator'


def test_for_the_hub():
    config = mmengine.hub.get_config(f'fashion_mmpose::{NAME}.py')
    assert config.model == read_config(NAME).model
    with pytest.raises(ValueError, match='no weights are published'):
        mmengine.hub.get_config(f'fashion_mmpose::{NAME}.py', pretrained=True)
    with pytest.raises(ValueError, match='unknown config .*similar'):
        mmengine.hub.get_config('fashion_mmpose::cpn_r51_fashionai_blouse.py')


def test_other_packages_are_mmengines():
    name = (
        'body_2d_keypoint/topdown_heatmap/coco/td-hm_res50_8xb64-210e_coco-256x192.py'
    )
    config = mmengine.hub.get_config(f'mmpose::{name}')
    assert config.model.backbone.depth == 50
