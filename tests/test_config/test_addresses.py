"""Configs of the package by MMEngine's addresses: ``fashion_mmpose::NAME.py``."""

import mmengine.hub
import pytest
import yaml
from mmengine.config import Config, utils
from mmengine.registry import DefaultScope
from mmengine.utils import get_installed_path
from mmpose.registry import MODELS
from toolbox import ROOT

from fashion_mmpose import starter
from fashion_mmpose.config.loading import read_config

pytestmark = pytest.mark.slow

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
    with pytest.raises(ValueError, match='no weights of it, only .*starter/fashionai'):
        mmengine.hub.get_config(f'fashion_mmpose::{NAME}.py', pretrained=True)
    starter = 'fashion_mmpose::starter/detector.py'
    config = mmengine.hub.get_config(starter, pretrained=True)
    assert config.model_path == 'starter://detector'
    with pytest.raises(ValueError, match='unknown config .*similar'):
        mmengine.hub.get_config('fashion_mmpose::cpn_r51_fashionai_blouse.py')


def test_other_packages_are_mmengines():
    name = (
        'body_2d_keypoint/topdown_heatmap/coco/td-hm_res50_8xb64-210e_coco-256x192.py'
    )
    config = mmengine.hub.get_config(f'mmpose::{name}')
    assert config.model.backbone.depth == 50


def test_bases_of_mmdetection_are_found_at_once(monkeypatch):
    """Nothing is read but the file itself, which is the one that MMEngine finds."""
    pytest.importorskip('mmdet')
    name = 'rtmdet/rtmdet_tiny_8xb32-300e_coco.py'
    expected = utils._get_external_cfg_base_path(get_installed_path('mmdet'), name)
    with monkeypatch.context() as closed:
        closed.setattr('mmengine.config.utils.load', None)
        assert Config._get_cfg_path(f'mmdet::{name}', '') == (expected, 'mmdet')
    for unknown in ('mmdet::rtmdet/none.py', 'mmseg::fcn/none.py'):
        with pytest.raises((FileNotFoundError, ModuleNotFoundError)):
            Config._get_cfg_path(unknown, '')


def test_the_model_index_lists_the_starter():
    """As MIM reads it; the figures are those of the card."""
    (metafile,) = yaml.safe_load((ROOT / 'model-index.yml').read_text())['Import']
    models = yaml.safe_load((ROOT / metafile).read_text())['Models']
    listed = [(model['Config'], model['Weights']) for model in models]
    shipped = [starter.config_and_weights(name) for name in starter.NAMES]
    assert sorted(listed) == sorted(
        (f'configs/{config}.py', weights) for config, weights in shipped
    )
    card = (ROOT / 'docs/starter.md').read_text()
    for model in models:
        assert (ROOT / model['Config']).is_file()
        for result in model['Results']:
            for name, value in result['Metrics'].items():
                shown = f'{value:.1%}' if name == 'NE' else f'{value:.3f}'
                assert shown.replace('%', ' %') in card, (model['Name'], name)
        config = read_config(model['Config'].removeprefix('configs/'))
        (config.model.backbone).pop('init_cfg', None)
        with DefaultScope.overwrite_default_scope(config.default_scope):
            built = MODELS.build(config.model)
        size = sum(each.numel() for each in built.parameters())
        assert size == model['Metadata']['Parameters'], model['Name']
