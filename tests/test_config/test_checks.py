"""Parts of a config that must fit each other."""

import copy

import pytest
import torch
from mmengine.config import Config
from mmpose.registry import OPTIMIZERS

from fashion_mmpose.commands.runs import running
from fashion_mmpose.config import checks, loading


@pytest.fixture
def cfg() -> Config:
    return loading.load_config('cpn_r152_fashionai_skirt')


def test_members_see_the_same_crop():
    config = loading.read_config('cpn_ensemble_fashionai_blouse')
    wrong = copy.deepcopy(config)
    wrong.model.members = [*config.model.members, 'cpm_fashionai_{category}']
    with pytest.raises(ValueError, match='cpm_fashionai_blouse is tested on another'):
        checks.check_members(wrong)


def test_members_do_not_cut_crops_of_their_own():
    config = loading.read_config('cpn_ensemble_fashionai_blouse')
    config.model.members = [dict(config='starter/fashionai', checkpoint=None)]
    with pytest.raises(ValueError, match='fashionai is a TwoPassEstimator, which cuts'):
        checks.check_members(config)


@pytest.mark.parametrize('part', ['train', 'val', 'test'])
def test_crops_are_those_of_the_codec(cfg, part):
    loader = cfg[f'{part}_dataloader']
    (crop,) = (s for s in loader.dataset.pipeline if s.type == 'TopdownAffine')
    crop.input_size = (256, 384)
    message = f'crops of {part}_dataloader are 256x384, .*head.decoder .* of 512x512'
    with pytest.raises(ValueError, match=message):
        checks.check_codecs(cfg)
    others = [name for name in checks.PARTS if name != part]
    checks.check_codecs(cfg, others)  # of a run that does not use it
    cfg.model.type = 'TwoPassEstimator'  # which cuts a crop of the codec's size
    checks.check_codecs(cfg)


def test_crops_are_those_of_the_ensemble():
    cfg = loading.read_config('cpn_ensemble_fashionai_blouse')
    checks.check_codecs(cfg)
    cfg.model.decoder.input_size = (256, 256)
    with pytest.raises(ValueError, match='model.decoder is for an input of 256x256'):
        checks.check_codecs(cfg)


def test_codecs_must_agree(cfg):
    checks.check_codecs(cfg)
    cfg.merge_from_dict({'model.head.decoder.convention': 'msra'})
    cfg.merge_from_dict({'model.head.decoder.sigma': 4.0})
    with pytest.raises(ValueError, match=r"differ in \['convention', 'sigma'\]"):
        checks.check_codecs(cfg)


SIMCC = dict(type='PointSimCC', input_size=(192, 256), sigma=4.9)
MAPS = dict(
    type='PointHeatmap', input_size=(192, 256), heatmap_size=(48, 64), sigma=2.0
)


def leaf(*encoders):
    pipeline = [dict(type='GenerateTarget', encoder=each) for each in encoders]
    return dict(type='FashionAIDataset', pipeline=pipeline)


@pytest.mark.parametrize(
    'dataset, decoder, keys',
    [
        pytest.param(leaf(SIMCC), SIMCC | dict(split_ratio=3.0), 'split', id='SimCC'),
        pytest.param(leaf(SIMCC), MAPS, 'heatmap_size.*type', id='another type'),
        pytest.param(
            dict(type='RepeatDataset', dataset=leaf(MAPS)),
            MAPS | dict(convention='cpn'),
            'convention',
            id='repeated',
        ),
        pytest.param(
            dict(
                type='RepeatDataset',
                dataset=dict(type='ConcatDataset', datasets=[leaf(), leaf(MAPS)]),
            ),
            MAPS | dict(sigma=3.0),
            'sigma',
            id='the second of two',
        ),
        pytest.param(
            leaf(MAPS) | dict(type='CombinedDataset', datasets=[leaf()]),
            MAPS | dict(sigma=3.0),
            'sigma',
            id="a wrapper's own",
        ),
        pytest.param(
            dict(
                pipeline=[dict(type='RandomApply', transforms=leaf(MAPS)['pipeline'])]
            ),
            MAPS | dict(sigma=3.0),
            'sigma',
            id='step in a step',
        ),
    ],
)
def test_codecs_are_found_wherever_they_are(dataset, decoder, keys):
    head = dict(decoder=decoder)
    cfg = Config(dict(model=dict(head=head), train_dataloader=dict(dataset=dataset)))
    with pytest.raises(ValueError, match=rf"differ in \['{keys}"):
        checks.check_codecs(cfg)
    encoder = next(checks._encoders([cfg.train_dataloader]))
    cfg.model.head.decoder = encoder
    checks.check_codecs(cfg)


def test_an_optimizer_that_is_not_there_is_named(cfg):
    checks.check_optimizer(cfg)
    cfg.optim_wrapper.optimizer.type = 'adamw'
    with pytest.raises(
        ValueError, match=r"type is 'adamw', .*: choose .*, AdamW, .*SGD"
    ):
        checks.check_optimizer(cfg)


def test_optimizers_of_a_user_are_found(cfg):
    class Mine(torch.optim.SGD):
        """Registered below MMPose's, where ``custom_imports`` put it."""

    OPTIMIZERS.register_module(module=Mine)
    try:
        cfg.optim_wrapper.optimizer.type = 'Mine'
        checks.check_optimizer(cfg)
        cfg.optim_wrapper.optimizer.type = Mine
        checks.check_optimizer(cfg)
        checks.check_optimizer(Config(dict()))
    finally:
        OPTIMIZERS.module_dict.pop('Mine')
    cfg.optim_wrapper.optimizer.type = 'Mine'
    with pytest.raises(ValueError, match="type is 'Mine', which neither"):
        checks.check_optimizer(cfg)


def test_states_are_mirrored_with_their_points(cfg, monkeypatch):
    monkeypatch.setattr(running, 'check_files', lambda *_: None)
    pipeline = cfg.train_dataloader.dataset.pipeline
    (mirror,) = (step for step in pipeline if step.type == 'RandomMirror')
    cfg.model.head.states = dict()
    checks.check_states(cfg)
    mirror.type = 'RandomFlip'
    with pytest.raises(ValueError, match='RandomFlip in .* and not their states'):
        checks.check_states(cfg)
    with pytest.raises(ValueError, match='RandomFlip'):
        running.build_runner(cfg)
    mirror.type = 'KeypointConverter'
    with pytest.raises(
        ValueError, match='KeypointConverter in .* renumbers key points'
    ):
        checks.check_states(cfg)
    cfg.model.head.states = None
    checks.check_states(cfg)
