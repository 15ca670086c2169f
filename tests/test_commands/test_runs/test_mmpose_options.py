"""Options of training and testing under MMPose's names."""

import pytest
from mmengine.config import Config

from fashion_mmpose.commands import test, train
from fashion_mmpose.commands.runs import mmpose_options, running
from fashion_mmpose.config.loading import load_config


@pytest.fixture
def cfg():
    return load_config('small/cpn_r18_all')


def test_dump_and_show(cfg):
    args = '--dump out.pkl --show --interval 3 --wait-time 0.5'.split()
    mmpose_options.set_test_options(cfg, test.parse_args(['c.py', *args]))
    assert cfg.test_evaluator[-1] == dict(type='DumpResults', out_file_path='out.pkl')
    hook = cfg.default_hooks.visualization
    assert hook.enable and hook.show and hook.interval == 3 and hook.wait_time == 0.5


@pytest.mark.slow
def test_without_them_nothing_changes(cfg):
    before = cfg.pretty_text
    mmpose_options.set_test_options(cfg, test.parse_args(['c.py']))
    assert cfg.pretty_text == before


@pytest.mark.parametrize(
    'options, message',
    [
        ('--dump out.json', r'--dump out\.json: its name must end in'),
        ('--interval 0', '0'),
    ],
)
def test_wrong_values(cfg, options, message):
    args = test.parse_args(['c.py', *options.split()])
    with pytest.raises(ValueError, match=message):
        mmpose_options.set_test_options(cfg, args)


def test_a_detector_is_shown_by_mmdetections_hook():
    cfg = Config(dict(default_scope='mmdet', default_hooks=dict(visualization={})))
    args = test.parse_args(['c.py', '--show'])
    mmpose_options.set_test_options(cfg, args)
    assert cfg.default_hooks.visualization.draw
    assert 'enable' not in cfg.default_hooks.visualization


def test_no_validation(cfg):
    assert train.parse_args(['c.py', '--no-validate']).no_validate
    mmpose_options.set_no_validation(cfg)
    assert cfg.val_cfg is cfg.val_dataloader is cfg.val_evaluator is None
    assert 'save_best' not in cfg.default_hooks.checkpoint


@pytest.mark.parametrize(
    'name, watching',
    [
        ('cpn_r152_fashionai_blouse', 'ReduceOnPlateauLR'),
        ('cpm_fashionai_blouse', 'PersistentEarlyStoppingHook'),
    ],
)
def test_what_watches_the_score_needs_validation(name, watching):
    with pytest.raises(ValueError, match=f'--no-validate: .*{watching} decides by'):
        mmpose_options.set_no_validation(load_config(name))


def test_boxes_below_a_score_are_left_out(cfg):
    running.set_bbox_thr(cfg, None)
    with pytest.raises(ValueError, match='boxes of --bbox-file, which is missing'):
        running.set_bbox_thr(cfg, 0.3)
    cfg.test_dataloader.dataset.bbox_file = 'boxes.json'
    running.set_bbox_thr(cfg, 0.3)
    assert cfg.test_dataloader.dataset.filter_cfg == dict(bbox_score_thr=0.3)
    with pytest.raises(ValueError, match='--bbox-thr 3: it must be between'):
        running.set_bbox_thr(cfg, 3)
