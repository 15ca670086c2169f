"""Weights of benchmarks that users describe, and what they may be used for."""

import pytest
from mmengine.logging import MMLogger

from fashion_mmpose import garments
from fashion_mmpose.weights.read import WeightsError
from fashion_mmpose.weights.trained_for import check_trained_for, shared_categories

CATEGORIES = dict(cap=['top', 'brim_left', 'brim_right'], beanie=['top', 'edge'])


def info(categories: dict = CATEGORIES, **settings) -> dict:
    described = dict(name='hats', categories=categories) | settings
    hats = garments.benchmark_from(described)
    return dict(
        dataset_name='hats',
        benchmark=garments.benchmark_entry(hats),
        categories=tuple(categories),
    )


def test_what_does_not_change_the_network_may_change():
    trained = dict(dataset_meta=info())
    other = info(sigmas=0.1, outline=['top', 'edge'], normalizer=None)
    assert shared_categories(trained, other, 'config', 'a.pth') == ('cap', 'beanie')
    check_trained_for(trained, other, 'config', 'a.pth')
    check_trained_for({}, other, 'config', 'a.pth')  # weights that tell nothing


@pytest.fixture
def log(caplog):
    logger = MMLogger.get_current_instance()
    logger.addHandler(caplog.handler)
    yield caplog
    logger.removeHandler(caplog.handler)


def test_categories_that_were_not_trained_are_named(log):
    trained = dict(dataset_meta=info() | dict(categories=('beanie',)))
    check_trained_for(trained, info(), 'config', 'a.pth')
    assert 'a.pth was not trained on cap, which config tests as well' in log.text
    assert "to fix it: categories=('beanie',) in test_dataloader.dataset" in log.text
    assert [each.levelname for each in log.records] == ['WARNING']
    with pytest.raises(WeightsError, match='trained for .*beanie.*, config is not'):
        check_trained_for(
            trained, info() | dict(categories=('cap',)), 'config', 'a.pth'
        )


def test_nothing_is_said_where_all_were_trained(log):
    tested = info() | dict(categories=('beanie',))
    check_trained_for(dict(dataset_meta=info()), tested, 'config', 'a.pth')
    check_trained_for(dict(dataset_meta=info()), info(), 'config', 'a.pth')
    check_trained_for({}, info(), 'config', 'a.pth')  # weights that tell nothing
    assert not log.records


@pytest.mark.parametrize(
    'categories, where',
    [
        (CATEGORIES | dict(beanie=['top', 'rim']), 'beanie'),
        (CATEGORIES | dict(fez=['top']), 'fez'),
        (dict(reversed(CATEGORIES.items())), 'the order'),
    ],
)
def test_other_key_points_are_refused(categories: dict, where: str):
    trained = dict(dataset_meta=info())
    message = f'a.pth was trained for another description of hats .*differ in {where};'
    with pytest.raises(WeightsError, match=message):
        check_trained_for(trained, info(categories), 'config', 'a.pth')


def test_another_benchmark_is_refused():
    trained = dict(dataset_meta=dict(dataset_name='fashionai', benchmark='fashionai'))
    with pytest.raises(WeightsError, match='trained for fashionai, config is for hats'):
        check_trained_for(trained, info(), 'config', 'a.pth')


def test_a_broken_description_in_the_checkpoint():
    trained = dict(dataset_meta=info() | dict(benchmark=dict(name='hats')))
    with pytest.raises(ValueError, match="a.pth lacks the key 'categories'"):
        check_trained_for(trained, info(), 'config', 'a.pth')
