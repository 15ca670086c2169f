"""CategoryBalancedSampler: how often, by whom, and again."""

import numpy as np
import pytest
from mmpose.registry import DATA_SAMPLERS

from fashion_mmpose.datasets import samplers
from fashion_mmpose.datasets.samplers import CategoryBalancedSampler, balanced_weights


class Garments:
    """A dataset that tells its samples' categories."""

    def __init__(self, *category_ids):
        self.category_ids = np.array(category_ids, np.int16)

    def __len__(self):
        return len(self.category_ids)


# Shares of 0.7, 0.25 and 0.05.
UNEQUAL = Garments(*([3] * 70 + [1] * 25 + [13] * 5))


def test_weights():
    weights = balanced_weights(np.array([5, 9, 5, 5]), smoothing=0.02)
    np.testing.assert_allclose(weights, [1 / 0.77, 1 / 0.27, 1 / 0.77, 1 / 0.77])


@pytest.mark.parametrize('smoothing', [0.02, 1.0])
def test_frequencies(smoothing):
    num = 100_000
    sampler = CategoryBalancedSampler(
        UNEQUAL, seed=0, smoothing=smoothing, num_samples=num
    )
    drawn = np.bincount(list(sampler), minlength=100)
    assert len(sampler) == drawn.sum() == num
    # Category with share s: s / (s + smoothing), divided by the sum of all.
    masses = np.array([s / (s + smoothing) for s in (0.7, 0.25, 0.05)])
    masses /= masses.sum()
    expected = np.repeat(masses / [70, 25, 5], [70, 25, 5]) * num
    # Pearson's statistic of 100 cells: mean 99, standard deviation sqrt(2 * 99) = 14.
    chi_squared = ((drawn - expected) ** 2 / expected).sum()
    assert 99 - 4 * 14 < chi_squared < 99 + 4 * 14
    # Equal weights would be found out.
    assert ((drawn - num / 100) ** 2 / (num / 100)).sum() > 1000


def test_epochs_and_seeds():
    sampler = CategoryBalancedSampler(UNEQUAL, seed=3)
    first = list(sampler)
    assert len(first) == len(sampler) == 100 and len(set(first)) < 100
    assert list(sampler) == first
    sampler.set_epoch(7)
    later = list(sampler)
    assert later != first
    resumed = CategoryBalancedSampler(UNEQUAL, seed=3)
    resumed.set_epoch(7)
    assert list(resumed) == later
    assert list(CategoryBalancedSampler(UNEQUAL, seed=4)) != first


@pytest.mark.parametrize(
    'round_up, sizes',
    [
        pytest.param(True, [34, 34, 34], id='rounded-up'),
        pytest.param(False, [34, 33, 33], id='as-they-are'),
    ],
)
def test_processes_share_one_sequence(monkeypatch, round_up, sizes):
    parts = []
    for rank in range(3):
        monkeypatch.setattr(samplers, 'get_dist_info', lambda rank=rank: (rank, 3))
        sampler = CategoryBalancedSampler(UNEQUAL, seed=1, round_up=round_up)
        parts.append(list(sampler))
        assert len(sampler) == len(parts[-1])
    assert [len(part) for part in parts] == sizes
    monkeypatch.setattr(samplers, 'get_dist_info', lambda: (0, 1))
    alone = list(CategoryBalancedSampler(UNEQUAL, seed=1, num_samples=sum(sizes)))
    for rank, part in enumerate(parts):
        assert part == alone[rank::3]


def test_without_a_seed_processes_agree_on_one(monkeypatch):
    monkeypatch.setattr(samplers, 'sync_random_seed', lambda: 3)
    assert list(CategoryBalancedSampler(UNEQUAL)) == list(
        CategoryBalancedSampler(UNEQUAL, seed=3)
    )


@pytest.mark.parametrize(
    'dataset, options, error, message',
    [
        pytest.param([1, 2], {}, TypeError, 'category_ids, .* not list', id='list'),
        pytest.param(Garments(), {}, ValueError, 'has no sample', id='empty'),
        pytest.param(UNEQUAL, dict(smoothing=0), ValueError, 'positive', id='zero'),
        pytest.param(
            UNEQUAL, dict(smoothing=float('nan')), ValueError, 'positive', id='nan'
        ),
        pytest.param(UNEQUAL, dict(num_samples=0), ValueError, '1 or more', id='none'),
    ],
)
def test_bad_arguments(dataset, options, error, message):
    with pytest.raises(error, match=message):
        CategoryBalancedSampler(dataset, seed=0, **options)


def test_built_as_the_runner_does():
    sampler = DATA_SAMPLERS.build(
        dict(type='CategoryBalancedSampler', smoothing=0.5),
        default_args=dict(dataset=UNEQUAL, seed=2),
    )
    assert list(sampler) == list(
        CategoryBalancedSampler(UNEQUAL, seed=2, smoothing=0.5)
    )
