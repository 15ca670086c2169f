"""From the spread of heatmaps to errors that are what they say."""

import json
from dataclasses import replace

import numpy as np
import pytest
from predicted_garments import predicted_garment

from fashion_mmpose.errors import FormatError
from fashion_mmpose.garments import GarmentPrediction
from fashion_mmpose.measure.uncertainty.calibration import (
    Calibration,
    ScoreCurve,
    beside,
    calibrated,
    read_calibration,
    replaced_weights,
    write_calibration,
)
from fashion_mmpose.measure.uncertainty.student import quantile, radius

NAMES = ('waistband_left', 'waistband_right', 'hemline_left', 'hemline_right')
CALIBRATION = Calibration(
    dict.fromkeys(NAMES, 0.5), dict.fromkeys(NAMES, 0.01), power=2.0, dof=4.0
)

CURVE = ScoreCurve('NE', 0.1, (0.2, 0.6, 0.8), (0.1, 0.7, 0.9))


def predicted(**changes) -> GarmentPrediction:
    fields = dict(
        bbox=np.array((0, 0, 200, 50), np.float32),
        scores=np.array([1, 0.5, 0.01, 1], np.float32),
        covariances=np.tile(np.array([(16, 4), (4, 8)], np.float32), (4, 1, 1)),
    )
    points = [(10, 5), (90, 5), (0, 40), (100, 40)]
    return predicted_garment('skirt', points, **(fields | changes))


@pytest.mark.parametrize(
    ('dof', 'levels'),
    [
        # From tables of Student's t.
        (1, {0.5: 1.0, 0.9: 6.314, 0.95: 12.706}),
        (3, {0.5: 0.765, 0.9: 2.353, 0.95: 3.182}),
        (10, {0.5: 0.700, 0.9: 1.812, 0.95: 2.228}),
        (np.inf, {0.5: 0.674, 0.9: 1.645, 0.95: 1.960}),
    ],
)
def test_quantiles_are_those_of_the_tables(dof: float, levels: dict):
    for level, expected in levels.items():
        assert quantile(level, dof) == pytest.approx(expected, abs=1e-3)


@pytest.mark.parametrize('dof', [2.5, 6.0, np.inf])
def test_ellipses_hold_their_share(dof: float):
    rng = np.random.default_rng(1)
    points = rng.normal(size=(40000, 2))
    if np.isfinite(dof):
        points /= np.sqrt(rng.chisquare(dof, (40000, 1)) / dof)
    off = np.linalg.norm(points, axis=1)
    for level in (0.5, 0.9, 0.95):
        assert (off <= radius(level, dof)).mean() == pytest.approx(level, abs=0.01)
        inside = np.abs(points[:, 0]) <= quantile(level, dof)
        assert inside.mean() == pytest.approx(level, abs=0.01)


def test_scale_floor_and_score_make_a_covariance():
    spread = np.array([[(16.0, 4), (4, 8)]] * 3)
    scores = np.array([1.0, 0.5, 0.01])
    found = calibrated(spread, scores, np.full(3, 100.0), 0.5, 0.01, 2.0)
    np.testing.assert_allclose(found[0], [[5, 1], [1, 3]])
    np.testing.assert_allclose(found[1], [[17, 4], [4, 9]])
    # Below a score of 0.05 nothing grows any more.
    np.testing.assert_allclose(found[2], [[1601, 400], [400, 801]])


def test_a_prediction_is_calibrated():
    found = CALIBRATION.applied(predicted())
    np.testing.assert_allclose(found.covariances[0], [[5, 1], [1, 3]], rtol=1e-5)
    assert found.dof == 4
    waist = found.measurements()[0]
    assert waist.error == pytest.approx((5 + 17) ** 0.5, rel=1e-3)
    # Two parts of 5 and 17 with 4 degrees of freedom each.
    assert waist.dof == pytest.approx(4 * 22**2 / (5**2 + 17**2), rel=1e-2)
    low, high = waist.interval()
    assert high - low == pytest.approx(2 * quantile(0.95, waist.dof) * waist.error)
    unsure = predicted(covariances=None)
    assert CALIBRATION.applied(unsure) is unsure


def test_points_that_it_does_not_know_have_no_error():
    fewer = Calibration(
        dict.fromkeys(NAMES[:2], 0.5), dict.fromkeys(NAMES[:2], 0.01), 2.0, 4.0
    )
    found = fewer.applied(predicted())
    assert np.isnan(found.covariances[2:]).all()
    lengths = {each.name: each for each in found.measurements(min_score=0)}
    assert lengths['waist_width'].error > 0
    assert lengths['hem_width'].error is None
    assert 'not finite' in lengths['hem_width'].reason


def test_it_goes_through_a_file(tmp_path):
    path = beside(tmp_path / 'best.epoch_3.pth')
    assert path.name == 'best.epoch_3.calibration.json'
    assert beside(tmp_path / 'best.epoch_3.onnx') == path
    write_calibration(path, CALIBRATION, dict(points=7))
    assert read_calibration(path) == CALIBRATION
    assert json.loads(path.read_text())['report'] == dict(points=7)


def test_scores_become_probabilities(tmp_path):
    found = replace(CALIBRATION, curve=CURVE).applied(predicted())
    # Scores of 1, 0.5, 0.01 and 1.
    np.testing.assert_allclose(found.probabilities, [0.9, 0.55, 0.1, 0.9], atol=1e-6)
    assert found.to_dict()['keypoint_probabilities'] == [0.9, 0.55, 0.1, 0.9]
    bare = CALIBRATION.applied(predicted())
    assert bare.probabilities is None
    assert 'keypoint_probabilities' not in bare.to_dict()
    # Networks of earlier versions tell no covariances, but scores they do.
    unsure = replace(CALIBRATION, curve=CURVE).applied(predicted(covariances=None))
    assert unsure.covariances is None and unsure.probabilities[0] == found.scores[0] * (
        np.float32(0.9)
    )
    path = tmp_path / 'a.calibration.json'
    write_calibration(path, replace(CALIBRATION, curve=CURVE), {})
    assert read_calibration(path).curve == CURVE


@pytest.mark.parametrize(
    'changes',
    [
        dict(curve=[]),
        dict(curve=[[0.1, 0.5], [0.1, 0.6]]),
        dict(curve=[[0.1, 0.5], [0.2, 0.4]]),
        dict(curve=[[0.1, 1.5]]),
        dict(curve=[[0.1, 0.5, 1]]),
        dict(tolerance=0),
        dict(tolerance='wide'),
        dict(measure='PCK'),
        dict(measure=[]),
    ],
)
def test_other_curves_are_refused(changes: dict):
    content = replace(CALIBRATION, curve=CURVE).to_dict()
    assert Calibration.from_dict(content, 'a').curve == CURVE
    content['scores'] |= changes
    with pytest.raises(FormatError, match='a is no calibration'):
        Calibration.from_dict(content, 'a')
    with pytest.raises(FormatError, match='a is no calibration'):
        Calibration.from_dict({**content, 'scores': [1]}, 'a')


@pytest.mark.parametrize(
    'content',
    [
        '[]',
        '{}',
        '{"calibration": {"power": 1, "dof": 4}}',
        '{"calibration": {"power": 1, "dof": 0, "keypoints": {}}}',
        '{"calibration": {"power": 1, "dof": 4, "keypoints": {"a": [1]}}}',
        '{"calibration": {"power": 1, "dof": 4, "keypoints": {"a": [-1, 0]}}}',
    ],
)
def test_other_files_are_refused(tmp_path, content: str):
    path = tmp_path / 'a.calibration.json'
    path.write_text(content)
    with pytest.raises(FormatError, match='make it anew'):
        read_calibration(path)


def test_replaced_weights_lose_their_calibration(tmp_path):
    path, fitted = tmp_path / 'best.onnx', tmp_path / 'best.calibration.json'
    fitted.write_text('{}')

    def write(made_of=None):
        with replaced_weights(path, made_of) as file:
            file.write(b'weights')

    write()
    assert fitted.exists()  # it was there before the weights
    write(made_of=tmp_path / 'best.pth')
    assert fitted.exists()  # it is that of the checkpoint, too
    with pytest.raises(RuntimeError), replaced_weights(path):
        raise RuntimeError
    assert fitted.exists() and path.read_bytes() == b'weights'
    write(made_of=tmp_path / 'last.pth')
    assert not fitted.exists()
