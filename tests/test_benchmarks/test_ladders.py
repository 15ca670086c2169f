"""The ladders of recipes: what their rows are, and the table of them."""

import pytest
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmpose.registry import MODELS

from benchmarks.ladders.rows import LADDERS
from benchmarks.ladders.table import table
from benchmarks.ladders.training import Length
from fashion_mmpose.config.checks import check_codecs

LADDER = LADDERS['fashionai']
ROWS, CONFIGS = LADDER.rows, LADDER.configs


def differing(one, other):
    """Settings of a config that another one has not, in their first two levels."""
    return {
        f'{key}.{part}'
        for key in ('model', 'optim_wrapper', 'train_dataloader', 'test_dataloader')
        for part in one[key]
        if one[key][part] != other[key].get(part)
    } | {key for key in ('custom_hooks', 'load_from') if one[key] != other[key]}


@pytest.mark.slow
@pytest.mark.parametrize('name', ROWS)
def test_every_row_builds(name):
    pytest.importorskip('timm')
    init_default_scope('mmpose')
    config = Config.fromfile(CONFIGS / f'{name}.py')
    check_codecs(config)
    assert config.model.backbone.model_name == 'tf_efficientnet_lite0'
    assert config.model.head.out_channels == 24
    assert config.test_dataloader.dataset.bbox_source == 'image'
    light = '' if name == 'joints' else '_light'
    from_starter = config.load_from == f'starter://fashionai{light}'
    names = list(ROWS)
    assert from_starter == (names.index(name) >= names.index('starter'))
    assert config.model.backbone.pretrained == (False if from_starter else 'pypi')
    config.model.backbone.pretrained = False
    MODELS.build(config.model)


@pytest.mark.slow
@pytest.mark.parametrize('name', LADDERS['deepfashion2'].rows)
def test_every_row_of_deepfashion2_builds(name):
    pytest.importorskip('timm')
    init_default_scope('mmpose')
    ladder = LADDERS['deepfashion2']
    config = Config.fromfile(ladder.configs / f'{name}.py')
    check_codecs(config)
    names = list(ladder.rows)
    published = names.index(name) < names.index('head')
    assert config.codec.input_size == ((288, 384) if published else (192, 256))
    assert config.train_dataloader.sampler.smoothing == 1e9
    assert config.test_evaluator.get('rescore', False) == (name == 'rescored')
    shared = config.model.head.get('share_places', False)
    assert shared == (names.index(name) >= names.index('shared'))
    light = '' if name == 'joints' else '_light'
    from_starter = config.load_from == f'starter://deepfashion2{light}'
    assert from_starter == (names.index(name) >= names.index('starter'))
    assert config.model.backbone.pretrained == (False if from_starter else 'pypi')
    for key in ladder.rows[name].files:  # that the benchmark sets
        *place, last = key.split('.')
        step = config
        for part in place:
            step = step[int(part) if part.isdigit() else part]
        assert (step.type, step[last]) == ('DetectedBoxJitter', None)
    config.model.backbone.pretrained = False
    head = MODELS.build(config.model).head
    assert head.out_channels == 294


@pytest.mark.slow
def test_rows_differ_from_those_before_in_what_they_say():
    cpn, schedule, head, two_looks, augmentation, starter = (
        Config.fromfile(CONFIGS / f'{name}.py') for name in list(ROWS)[:6]
    )
    assert cpn.optim_wrapper.optimizer.type == 'SGD'
    assert cpn.model.head == schedule.model.head
    assert schedule.param_scheduler == head.param_scheduler
    assert schedule.optim_wrapper == head.optim_wrapper
    assert head.train_dataloader == two_looks.train_dataloader
    assert head.model.type != two_looks.model.type
    seen = [
        [step.type for step in each.train_dataloader.dataset.pipeline]
        for each in (cpn, head, augmentation, starter)
    ]
    assert seen[0] == seen[1] and seen[2] == seen[3]
    assert set(seen[2]) - set(seen[1]) == {
        'RandomBBoxTransform',
        'PhotometricDistortion',
        'RandomGrayscale',
    }
    assert augmentation.test_dataloader == two_looks.test_dataloader
    assert ROWS['two_looks'].trained_as == 'head'


@pytest.mark.slow
@pytest.mark.parametrize(
    'name, changed',
    [
        ('averaged', 'custom_hooks'),
        ('coordinates', 'model.head'),
        ('erased', 'train_dataloader.dataset'),
        ('pasted', 'train_dataloader.dataset'),
        ('crops', 'model.scales'),
        ('states', 'model.head'),
    ],
)
def test_options_change_one_thing_of_the_starters_row(name, changed):
    own, starter = (
        Config.fromfile(CONFIGS / f'{each}.py') for each in (name, 'starter')
    )
    assert differing(own, starter) == {changed}


@pytest.mark.slow
def test_points_are_learnt_in_crops_of_the_size_that_tests_look_at():
    own, starter = (
        Config.fromfile(CONFIGS / f'{name}.py') for name in ('points', 'starter')
    )
    assert differing(own, starter) == {'model.point_crop', 'train_dataloader.dataset'}
    added = [
        step
        for step in own.train_dataloader.dataset.pipeline
        if step not in starter.train_dataloader.dataset.pipeline
    ]
    (crop,) = added
    assert crop.type == 'CropAroundPoint' and crop.share == own.model.point_crop


@pytest.mark.parametrize(
    'steps, epochs, epoch_steps', [(1, 1, 1), (60, 1, 60), (240, 5, 48), (1050, 21, 50)]
)
def test_length(steps, epochs, epoch_steps):
    length = Length.of(steps)
    assert (length.epochs, length.epoch_steps) == (epochs, epoch_steps)
    assert length.steps == steps


@pytest.mark.slow
def test_everything_is_all_options_but_the_last_two():
    rows = {
        name: Config.fromfile(CONFIGS / f'{name}.py')
        for name in ('starter', 'everything', *list(ROWS)[6:11])
    }
    whole = rows.pop('everything')
    starter = rows.pop('starter')
    assert set(rows) == {'averaged', 'coordinates', 'erased', 'pasted', 'crops'}
    assert differing(whole, starter) == set().union(
        *(differing(each, starter) for each in rows.values())
    )
    types = [step.type for step in whole.train_dataloader.dataset.pipeline]
    assert {'PastedGarments', 'ErasedPatches'} < set(types)


def test_table():
    def result(error, minutes):
        metrics = dict(test_a={'fashionai/NE': error})
        return dict(metrics=metrics, steps=100, minutes=minutes)

    results = dict(
        cpn={0: result(0.2, 10), 1: result(0.1, 20)}, head={0: result(0.12, 5)}
    )
    lines = [line.split(' | ') for line in table(LADDER, results).splitlines()]
    assert lines[0][2:5] == ['NE', 'of the first', 'seeds']
    assert lines[2][2:] == [
        *('15.00% (10.00% to 20.00%)', '1.00', '2', '100', '15.0 |')
    ]
    assert lines[3][2:] == ['12.00%', '0.80', '1', '100', '5.0 |']


def test_table_of_several_tests():
    def result(drawn, photographs):
        tests = dict(drawn=drawn, photographs=photographs)
        metrics = {name: {'deepfashion2/AP': each} for name, each in tests.items()}
        return dict(metrics=metrics, steps=9, minutes=1)

    results = dict(hrnet={0: result(0.0, 0.1)}, starter={0: result(0.5, 0.25)})
    text = table(LADDERS['deepfashion2'], results)
    lines = [line.split(' | ') for line in text.splitlines()]
    assert lines[0][2:4] == ['AP, drawn', 'AP, photographs']
    # Nothing is a multiple of no precision at all.
    assert lines[2][2:5] == ['0.000', '0.100', '']
    assert lines[3][2:5] == ['0.500', '0.250', '']
