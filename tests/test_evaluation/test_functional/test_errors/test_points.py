"""The types of wrong key points."""

import numpy as np
import pytest
from constructed_errors import AREA, outline

from fashion_mmpose import garments
from fashion_mmpose.evaluation.functional.errors import (
    NEMeasure,
    OKSMeasure,
    classify_points,
)
from fashion_mmpose.evaluation.functional.errors.points import (
    GOOD,
    INVERSION,
    JITTER,
    MISS,
    NEIGHBOUR,
    POINT_TYPES,
    SWAP,
    UNSEEN,
)
from fashion_mmpose.evaluation.functional.oks.matching import point_similarity

SHIRT = garments.garment('deepfashion2', 'short_sleeved_shirt')
OKS = OKSMeasure().tolerance
UNITS = 2 * np.array([SHIRT.sigmas]) * np.sqrt(AREA)
CUFF, OTHER_CUFF = 9, SHIRT.flip[9]


def classified(found, swapped=None, visibility=None):
    truth = np.column_stack((outline(SHIRT), np.full(len(SHIRT.keypoints), 2)))
    if visibility is not None:
        truth[:, 2] = visibility
    return classify_points(found[None], truth[None], UNITS, SHIRT, OKS, swapped)


def off(similarity):
    """Pixels at which the cuff has that similarity."""
    return UNITS[0, CUFF] * np.sqrt(-2 * np.log(similarity))


@pytest.mark.parametrize(
    'similarity, expected',
    [(1.0, GOOD), (0.86, GOOD), (0.84, JITTER), (0.51, JITTER), (0.49, MISS)],
)
def test_types_by_the_own_landmark(similarity, expected):
    found = outline(SHIRT)
    found[CUFF, 0] += off(similarity)
    errors = classified(found)
    assert errors.types[0, CUFF] == expected
    assert (np.delete(errors.types[0], CUFF) == GOOD).all()
    assert np.exp(-(errors.distances[0, CUFF] ** 2) / 2) == pytest.approx(similarity)


@pytest.mark.parametrize(
    'expected, similarity, left',
    [(GOOD, 0.9, 0.9), (JITTER, 0.6, 0.85), (MISS, 0.1, 0.5)],
)
def test_what_a_correction_leaves(expected, similarity, left):
    found = outline(SHIRT)
    found[CUFF, 1] += off(similarity)
    errors = classified(found)
    assert errors.types[0, CUFF] == expected
    assert np.exp(-(errors.mended[0, CUFF] ** 2) / 2) == pytest.approx(left)


def test_distances_are_those_of_the_similarity():
    rng = np.random.default_rng(2)
    found = outline(SHIRT) + rng.normal(0, 20, (len(SHIRT.keypoints), 2))
    truth = np.column_stack((outline(SHIRT), np.ones(len(found))))
    oks = point_similarity(found[None], truth[None], np.array([AREA]), SHIRT.sigmas)
    distances = classified(found).distances
    assert np.exp(-(distances**2) / 2).mean() == pytest.approx(oks[0], abs=1e-12)


@pytest.mark.parametrize(
    'target, expected', [(OTHER_CUFF, INVERSION), (CUFF + 1, NEIGHBOUR)]
)
def test_another_landmark_of_the_garment(target, expected):
    found = outline(SHIRT)
    found[CUFF] = outline(SHIRT)[target] + (off(0.7), 0)
    errors = classified(found)
    assert errors.types[0, CUFF] == expected
    # As near to the own landmark as it was to the other.
    assert np.exp(-(errors.mended[0, CUFF] ** 2) / 2) == pytest.approx(0.7)


def test_a_landmark_of_another_garment():
    found = outline(SHIRT)
    found[CUFF] += 3 * off(0.5)
    swapped = np.full(UNITS.shape, np.inf)
    swapped[0, CUFF] = 0.3
    errors = classified(found, swapped)
    assert errors.types[0, CUFF] == SWAP and errors.mended[0, CUFF] == 0.3
    swapped[0, CUFF] = OKS.near + 0.01
    assert classified(found, swapped).types[0, CUFF] == MISS


def test_points_on_the_axis_have_no_inversion():
    middle = [i for i, j in enumerate(SHIRT.flip) if i == j]
    found = outline(SHIRT) + 1000
    assert middle and (classified(found).types[0, middle] == MISS).all()


def test_landmarks_without_label_are_not_seen_and_not_confused():
    found = outline(SHIRT)
    found[CUFF] = found[OTHER_CUFF]
    visibility = np.full(len(found), 2)
    visibility[OTHER_CUFF] = 0
    errors = classified(found, visibility=visibility)
    assert errors.types[0, CUFF] == MISS
    assert errors.types[0, OTHER_CUFF] == UNSEEN
    assert np.isnan(errors.distances[0, OTHER_CUFF])


def test_the_ends_of_a_hem_are_mirrors_not_neighbours():
    skirt = garments.garment('fashionai', 'skirt')
    truth = np.column_stack((outline(skirt), np.full(4, 2)))
    found = truth[:, :2].copy()
    left, right = (
        skirt.keypoints.index(f'hemline_{side}') for side in ('left', 'right')
    )
    found[[left, right]] = found[[right, left]]
    units = np.full((1, 4), 100.0)
    errors = classify_points(
        found[None], truth[None], units, skirt, NEMeasure().tolerance
    )
    assert errors.types[0].tolist() == [GOOD, GOOD, INVERSION, INVERSION]


def test_names_of_the_types():
    assert POINT_TYPES[INVERSION] == 'inversion' and POINT_TYPES[MISS] == 'miss'
