"""The benchmark of the one call."""

import pytest

from benchmarks.infer import infer


@pytest.fixture(scope='module')
def figures():
    return infer(rounds=1, num_pictures=2, num_garments=3)


@pytest.mark.slow
def test_sides(figures):
    assert list(figures) == [
        'ours',
        'decode',
        'detector layers',
        'pose layers',
        'ours, crops',
        'one by one, crops',
        'parts together',
    ]
    for figure in figures.values():
        rate = figure['images_per_second']
        assert figure['ms_per_image'] * rate == pytest.approx(1000)


def test_overhead_is_over_both_networks(figures):
    times = {side: figure['ms_per_image'] for side, figure in figures.items()}
    layers = times['detector layers'] + times['pose layers']
    assert times['parts together'] == pytest.approx(layers + times['decode'])
    overhead = figures['ours']['overhead_percent']
    assert times['ours'] == pytest.approx(layers * (1 + overhead / 100))
