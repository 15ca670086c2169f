"""A calibration is fitted to the errors of a network."""

import numpy as np
import pytest

from fashion_mmpose.apis import PoseNetwork
from fashion_mmpose.commands.calibration.errors import (
    PointErrors,
    coverage,
    distances,
    landmark_groups,
)
from fashion_mmpose.commands.calibration.fitting import LEVELS, fit, folds

POWER, DOF = 2.0, 4.0
SCALES = {'neck': 0.4, 'cuff': 1.2}


def drawn_errors(num: int = 3000, seed: int = 0) -> PointErrors:
    """Errors whose distribution is known."""
    rng = np.random.default_rng(seed)
    names = np.array(rng.choice(list(SCALES), num), object)
    turn = rng.uniform(0, np.pi, num)
    axes = np.stack(
        [
            np.stack([np.cos(turn), -np.sin(turn)], -1),
            np.stack([np.sin(turn), np.cos(turn)], -1),
        ],
        axis=1,
    )
    lengths = np.exp(rng.normal(1, 0.4, (num, 2)))
    roots = axes * lengths[:, None, :]
    scores = rng.uniform(0.3, 1, num)
    scale = np.array([SCALES[name] for name in names]) * scores ** (-POWER / 2)
    heavy = np.sqrt(rng.chisquare(DOF, num) / DOF)
    offsets = (roots @ rng.normal(size=(num, 2, 1)))[..., 0]
    return PointErrors(
        offsets=offsets * (scale / heavy)[:, None],
        spreads=roots @ roots.transpose(0, 2, 1),
        scores=scores,
        sizes=np.full(num, 200.0),
        units=np.full(num, 40.0),
        names=names,
        owners=np.arange(num) // 10,
    )


@pytest.mark.slow
def test_what_was_drawn_is_found():
    found = fit(drawn_errors(), dict(neck='neck', cuff='cuff'))
    for name, scale in SCALES.items():
        assert found.scales[name] == pytest.approx(scale, rel=0.12)
        assert found.floors[name] < 2e-3
    assert found.power == pytest.approx(POWER, abs=0.35)
    assert DOF / 1.4 < found.dof < DOF * 1.4


@pytest.mark.slow
def test_ellipses_hold_their_share_of_others():
    errors, others = drawn_errors(), drawn_errors(seed=1)
    found = fit(errors, dict(neck='neck', cuff='cuff'))
    after = coverage(others, found, LEVELS)
    assert np.abs(after - LEVELS).max() < 0.03
    before = coverage(others, None, LEVELS)
    assert np.abs(before - LEVELS).max() > 0.1


def test_distances_where_an_ellipse_is_a_line():
    """As of maps with one value above zero, or fits to very few points."""
    errors = drawn_errors(num=2)
    line = np.array([[4.0, 0], [0, 0]])
    moved = PointErrors(
        **{**vars(errors), 'offsets': np.array([[2.0, 0], [2.0, 1e-3]])}
    )
    near, far = distances(moved, np.stack([line, line]))
    assert np.isfinite([near, far]).all() and far > 1e3 > near
    round_ones = np.stack([4 * np.eye(2)] * 2)
    np.testing.assert_allclose(distances(moved, round_ones), [1, 1], rtol=1e-6)


@pytest.mark.slow
def test_a_floor_is_found():
    errors = drawn_errors()
    rng = np.random.default_rng(3)
    heavy = np.sqrt(rng.chisquare(DOF, (len(errors), 1)) / DOF)
    offsets = rng.normal(0, 10, (len(errors), 2)) / heavy
    moved = PointErrors(**{**vars(errors), 'offsets': offsets})
    found = fit(moved, dict(neck='neck', cuff='cuff'))
    # 10 pixels of 200.
    assert found.floors['neck'] == pytest.approx(0.05, rel=0.25)


@pytest.mark.slow
def test_groups_without_points_get_what_all_share():
    found = fit(drawn_errors(), dict(neck='neck', cuff='cuff', hem='hem'))
    low, high = sorted(found.scales[name] for name in SCALES)
    assert low < found.scales['hem'] < high


def test_halves_share_no_garment():
    errors = drawn_errors(200)
    (first, second), (again, other) = folds(errors)
    assert (first == ~second).all() and (again == second).all()
    assert not {*errors.owners[first]} & {*errors.owners[second]}
    assert (other == first).all()


def test_groups_are_mirror_images_and_shared_places(small):
    groups = landmark_groups(PoseNetwork(*small.of('fashionai_all')))
    assert groups['cuff_left_in'] == groups['cuff_right_in'] != groups['cuff_left_out']
    assert len(groups) == 24 and len({*groups.values()}) == 13
    groups = landmark_groups(PoseNetwork(*small.of('deepfashion2_all')))
    # Armpits of a shirt and of a dress.
    assert groups['sss_kpt12'] == groups['sss_kpt20'] == groups['ssd_kpt12']
    assert len(groups) == 294 and len({*groups.values()}) < 60
