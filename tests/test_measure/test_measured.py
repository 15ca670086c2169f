"""Measurements of a garment and their intervals."""

import numpy as np
import pytest
from predicted_garments import predicted_garment

from fashion_mmpose import garments
from fashion_mmpose.garments import GarmentPrediction, Measure
from fashion_mmpose.measure import KnownLength, Marker, measure, pixels_per_cm

KIND = garments.garment('fashionai', 'trousers')
POINTS = np.array(
    [(20.0, 10), (100, 10), (60, 90), (52, 300), (10, 300), (68, 300), (110, 300)]
)
VARIANCES = np.tile(np.diag((4.0, 1.0)), (7, 1, 1))


def by_name(measured) -> dict:
    return {each.name: each for each in measured}


def predicted(**changes) -> GarmentPrediction:
    fields = dict(image='a.jpg', bbox=np.array((0, 0, 120, 310), np.float32))
    return predicted_garment('trousers', POINTS, **(fields | changes))


def test_pixels_and_ratios_without_a_scale():
    found = by_name(measure(POINTS, KIND))
    assert {each.unit for each in found.values()} == {'px'}
    assert found['waist_width'].value == 80
    assert found['waist_girth'].value == 160
    assert found['rise'].value == 80
    outseam = np.hypot(10, 290)
    assert found['outseam_left'].value == pytest.approx(outseam)
    assert found['outseam_left'].ratio == 1
    assert found['waist_width'].ratio == pytest.approx(80 / outseam)
    assert found['waist_width'].ratio_to == 'outseam_left'
    assert found['waist_width'].error is None
    assert 'covariances' in found['waist_width'].reason
    assert found['waist_width'].interval() is None


def test_centimetres_and_the_way_in_the_picture():
    found = by_name(measure(POINTS, KIND, pixels_per_cm(4)))
    assert found['waist_width'].unit == 'cm'
    assert found['waist_width'].value == pytest.approx(20)
    np.testing.assert_allclose(found['rise'].path, [(60, 10), (60, 90)])


def test_the_least_sure_point_tells_how_likely_a_length_is():
    sure = np.array([0.9, 0.8, 0.95, 0.3, 0.7, 0.6, 0.5], np.float32)
    found = by_name(predicted(probabilities=sure).measurements())
    # Both ends of the waistband; their middle and the crotch.
    assert found['waist_width'].probability == pytest.approx(0.8)
    assert found['rise'].to_dict()['probability'] == pytest.approx(0.8)
    assert found['inseam_left'].probability == pytest.approx(0.3)
    scaled = predicted(probabilities=sure).measurements(
        KnownLength('bottom_left_out', 'bottom_right_out', 60)
    )
    # What the scale is taken from counts as well.
    assert by_name(scaled)['waist_width'].probability == pytest.approx(0.5)
    assert (
        by_name(measure(POINTS, KIND))['waist_width'].to_dict()['probability'] is None
    )


def test_intervals_come_from_points_and_scale():
    found = by_name(measure(POINTS, KIND, covariances=VARIANCES))
    # Both ends of the waist err along it by 2 px.
    assert found['waist_width'].error == pytest.approx(np.sqrt(8), rel=1e-3)
    assert found['waist_girth'].error == pytest.approx(2 * np.sqrt(8), rel=1e-3)
    # The rise ends in the middle of two points, which err by 1 px.
    assert found['rise'].error == pytest.approx(np.sqrt(1 / 2 + 1), rel=1e-3)
    low, high = found['waist_width'].interval(0.95)
    assert (low + high) / 2 == pytest.approx(80)
    assert high - low == pytest.approx(2 * 1.96 * np.sqrt(8), rel=1e-3)
    scaled = by_name(
        measure(POINTS, KIND, pixels_per_cm(4, 0.1), covariances=VARIANCES)
    )
    expected = np.hypot(np.sqrt(8) / 4, 20 * 0.1 / 4)
    assert scaled['waist_width'].error == pytest.approx(expected, rel=1e-2)


def test_points_that_lie_together_have_an_error():
    points = POINTS.copy()
    points[1] = points[0]
    found = by_name(measure(points, KIND, covariances=VARIANCES))
    assert found['waist_width'].value == 0
    assert found['waist_width'].error > 2


@pytest.mark.slow
def test_the_error_is_that_of_many_trials():
    rng = np.random.default_rng(2)
    draws = rng.multivariate_normal((0, 0), ((6, 2), (2, 3)), (400, 7))
    covariances = np.tile(np.array([(6.0, 2), (2, 3)]), (7, 1, 1))
    said = by_name(measure(POINTS, KIND, covariances=covariances))
    trials = [by_name(measure(POINTS + draw, KIND)) for draw in draws]
    for name in ('inseam_right', 'rise', 'leg_opening_width_left'):
        spread = np.std([trial[name].value for trial in trials])
        assert said[name].error == pytest.approx(spread, rel=0.15)


def test_lengths_are_absent_where_points_are():
    points, scores = POINTS.copy(), np.full(7, 0.9)
    points[2] = np.nan
    scores[3] = 0.1
    found = by_name(measure(points, KIND, scores=scores, covariances=VARIANCES))
    assert found['rise'].value is None and found['rise'].error is None
    assert found['rise'].reason == 'crotch is not there'
    reason = found['inseam_left'].reason
    assert reason == 'crotch is not there; bottom_left_in scores 0.10, below 0.2'
    assert found['waist_width'].value == 80
    low = by_name(measure(POINTS, KIND, scores=scores, min_score=0.05))
    assert low['leg_opening_width_left'].value == 42


def test_a_known_length_of_the_garment_itself():
    scale = KnownLength('waistband_left', 'waistband_right', 40)
    found = by_name(measure(POINTS, KIND, scale, covariances=VARIANCES))
    assert found['waist_width'].value == pytest.approx(40)
    # It was said to be that, so it has no error.
    assert found['waist_width'].error == pytest.approx(0, abs=1e-9)
    assert found['rise'].value == pytest.approx(40)
    # That of the rise grows by the error of what the scale was taken from.
    assert found['rise'].error > np.sqrt(1.5) / 2
    points = POINTS.copy()
    points[0] = np.nan
    lost = by_name(measure(points, KIND, scale))
    assert lost['inseam_left'].reason == 'waistband_left is not there'
    points[0] = points[1]
    reasons = {each.reason for each in measure(points, KIND, scale)}
    assert reasons == {'the ends of the known length are one point'}
    with pytest.raises(ValueError, match="no key point 'cuff'"):
        measure(POINTS, KIND, KnownLength('cuff', 'crotch', 5))


@pytest.mark.parametrize('scale', [Marker(10), 12.5])
def test_what_is_no_scale_yet(scale):
    with pytest.raises(TypeError, match=r'no scale; to fix it: give what find_scale\('):
        predicted().measurements(scale)


def test_points_of_another_layout_are_not_measured():
    everything = garments.full_layout(POINTS, KIND)
    for points in (everything, POINTS[:4], np.c_[POINTS, np.ones(7)]):
        with pytest.raises(ValueError, match=r'each key point of a trousers, \(7, 2\)'):
            measure(points, KIND)


def test_predictions_measure_themselves():
    found = by_name(predicted().measurements())
    assert found['waist_width'].value == 80 and found['waist_width'].error is None
    sure = predicted(covariances=VARIANCES.astype(np.float32))
    found = by_name(sure.measurements(pixels_per_cm(2)))
    assert found['waist_width'].error == pytest.approx(np.sqrt(8) / 2, rel=1e-3)
    own = Measure('legs', ((4,), (6,)), code='L9')
    (legs,) = sure.measurements(measures=[own])
    assert (legs.name, legs.value, legs.code) == ('legs', 100, 'L9')


def test_plain_values():
    entry = by_name(measure(POINTS, KIND, pixels_per_cm(3), covariances=VARIANCES))
    row = entry['waist_width'].to_dict()
    assert row['value'] == 26.667 and row['unit'] == 'cm'
    assert row['low'] < 26.667 < row['high']
    absent = measure(np.full((7, 2), np.nan), KIND)[0].to_dict()
    assert absent['value'] is absent['low'] is absent['ratio'] is None
    assert 'waistband_left is not there' in absent['reason']
