"""TopdownStretch and RandomShift: where the box goes, and the way back."""

from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from mmengine.structures import InstanceData
from mmpose.datasets.transforms import GetBBoxCenterScale, TopdownAffine
from mmpose.models import TopdownPoseEstimator
from mmpose.structures import PoseDataSample

from fashion_mmpose.datasets import RandomShift, TopdownStretch


def sample(keypoints, box=(0, 0, 80, 120), size=(80, 120), **extra):
    """A grey picture of size [w, h] with a soft dot at every key point, and a box."""
    rows, columns = np.mgrid[: size[1], : size[0]]
    image = np.full((size[1], size[0], 3), 40.0)
    for x, y in keypoints:
        bump = np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / (2 * 2.5**2))
        image += 200 * bump[..., None]
    results = dict(
        img=image.clip(0, 255).astype(np.uint8),
        bbox=np.array([box], np.float32),
        keypoints=np.array([keypoints], np.float32),
        **extra,
    )
    return GetBBoxCenterScale(padding=1.0)(results)


def map_points(points, center, scale, degrees, input_size):
    """Independent of MMPose: turn about the centre of the box, then stretch it."""
    turn = np.deg2rad(degrees)
    x, y = (np.asarray(points, float) - center).T
    along = np.cos(turn) * x + np.sin(turn) * y
    across = -np.sin(turn) * x + np.cos(turn) * y
    share = np.stack([along / scale[0], across / scale[1]], axis=1)
    return (share + 0.5) * input_size


def to_image(keypoints, results):
    """Key points (1, K, 2) of the input in pixels of the image, by MMPose itself."""
    data_sample = PoseDataSample(
        gt_instances=InstanceData(
            bboxes=results['bbox'], bbox_scores=np.ones(1, np.float32)
        ),
        metainfo={
            key: results[key] for key in ('input_size', 'input_center', 'input_scale')
        },
    )
    pred = InstanceData(
        keypoints=keypoints.copy(), keypoint_scores=np.ones(keypoints.shape[:2])
    )
    (data_sample,) = TopdownPoseEstimator.add_pred_to_datasample(
        SimpleNamespace(test_cfg={}), [pred], None, [data_sample]
    )
    return data_sample.pred_instances.keypoints


BOXES = [
    pytest.param((0, 0, 80, 120), (64, 64), id='picture'),
    pytest.param((0, 0, 80, 120), (96, 48), id='picture-to-wide'),
    pytest.param((10, 30, 70, 60), (64, 64), id='box'),
    pytest.param((-20, 10, 60, 150), (48, 96), id='box-beyond-the-picture'),
]


@pytest.mark.parametrize('box, input_size', BOXES)
def test_corners_meet_the_corners(box, input_size):
    x1, y1, x2, y2 = box
    corners = [(x1, y1), (x2, y1), (x2, y2), (x1, y2), ((x1 + x2) / 2, (y1 + y2) / 2)]
    results = TopdownStretch(input_size)(sample(corners, box))
    width, height = input_size
    expected = [(0, 0), (width, 0), (width, height), (0, height)]
    expected.append((width / 2, height / 2))
    found = results['transformed_keypoints']
    np.testing.assert_allclose(found, [expected], atol=1e-4)
    assert results['img'].shape == (height, width, 3)
    assert results['img'].dtype == np.uint8
    assert results['input_size'] == input_size
    np.testing.assert_allclose(results['input_center'], expected_centre(box))
    np.testing.assert_allclose(results['input_scale'], [x2 - x1, y2 - y1])


def expected_centre(box):
    return [(box[0] + box[2]) / 2, (box[1] + box[3]) / 2]


@pytest.mark.parametrize('degrees', [0, 10, -10, 37, 90, 180])
@pytest.mark.parametrize('box, input_size', BOXES)
def test_rotation_about_the_centre_of_the_box(box, input_size, degrees):
    points = np.random.default_rng(0).uniform(0, [80, 120], (12, 2))
    rotation = np.array([degrees], np.float32)
    results = TopdownStretch(input_size)(sample(points, box, bbox_rotation=rotation))
    size = (box[2] - box[0], box[3] - box[1])
    expected = map_points(points, expected_centre(box), size, degrees, input_size)
    np.testing.assert_allclose(results['transformed_keypoints'][0], expected, atol=1e-3)
    assert results['transformed_keypoints'].dtype == np.float32


def test_a_quarter_turn_by_hand():
    """The picture turns to the left: its right edge is the upper one of the input."""
    points = [(40, 60), (80, 60), (40, 0)]
    rotation = np.array([90], np.float32)
    box = (0, 20, 80, 100)
    results = TopdownStretch((64, 32))(sample(points, box, bbox_rotation=rotation))
    np.testing.assert_allclose(
        results['transformed_keypoints'], [[(32, 16), (32, 0), (-16, 16)]], atol=1e-4
    )


@pytest.mark.parametrize('degrees', [0, 10, -25])
@pytest.mark.parametrize('point', [(20, 30), (55, 80), (40, 60), (56, 36)])
def test_key_points_follow_the_picture(point, degrees):
    """The dot at the key point is found where the key point went."""
    rotation = np.array([degrees], np.float32)
    results = sample([point], (4, 0, 76, 120), bbox_rotation=rotation)
    results = TopdownStretch((120, 100), border_value=40)(results)
    brightness = results['img'][..., 0].astype(float) - 40
    rows, columns = np.mgrid[:100, :120]
    found = [(brightness * axis).sum() / brightness.sum() for axis in (columns, rows)]
    np.testing.assert_allclose(found, results['transformed_keypoints'][0, 0], atol=0.3)


@pytest.mark.parametrize('box, input_size', BOXES)
def test_the_way_back(box, input_size):
    points = np.random.default_rng(1).uniform(0, [80, 120], (9, 2)).astype(np.float32)
    results = TopdownStretch(input_size)(sample(points, box))
    found = to_image(results['transformed_keypoints'], results)
    np.testing.assert_allclose(found, points[None], atol=1e-4)


def test_equals_topdown_affine_where_nothing_is_stretched():
    """With the aspect ratio of the input both warps are the same."""
    points = [(20, 30), (55, 80)]
    rotation = np.array([12], np.float32)
    results = [
        step(sample(points, (8, 0, 72, 96), bbox_rotation=rotation))
        for step in (TopdownStretch((40, 60)), TopdownAffine((40, 60)))
    ]
    assert results[0].keys() == results[1].keys()
    np.testing.assert_array_equal(results[0]['img'], results[1]['img'])
    for key in ('transformed_keypoints', 'input_center', 'input_scale'):
        np.testing.assert_allclose(results[0][key], results[1][key], atol=1e-4)


@pytest.mark.parametrize('value', [0, 255, 99])
def test_border(value):
    """What lies outside of the picture has the border's value; the inside has not."""
    results = sample([(40, 60)], (-40, 0, 120, 120))
    image = TopdownStretch((160, 120), border_value=value)(results)['img']
    assert (image[:, :39] == value).all() and (image[:, 121:] == value).all()
    np.testing.assert_array_equal(image[:, 40:120], sample([(40, 60)])['img'])


def test_a_picture_without_key_points():
    """As MMPose's inference on single pictures hands it over."""
    results = sample([(40, 60)])
    image = results['img']
    del results['keypoints']
    results = TopdownStretch((40, 40))(results)
    assert 'transformed_keypoints' not in results
    expected = cv2.warpAffine(image, np.array([[0.5, 0, 0], [0, 1 / 3, 0]]), (40, 40))
    np.testing.assert_array_equal(results['img'], expected)
    centre = to_image(np.array([[[20.0, 20.0]]]), results)
    np.testing.assert_allclose(centre, [[[40, 60]]])


# -------------------------------------------------------------- RandomShift


def draws(max_share, number, seed=0, box=(10, 20, 60, 120)):
    """Drawn centres of the box (number, 2), less the true one."""
    np.random.seed(seed)
    shift = RandomShift(max_share)
    centres = [shift(sample([(0, 0)], box))['bbox_center'][0] for _ in range(number)]
    return np.array(centres) - [35, 70]


@pytest.mark.slow
def test_shifts_are_uniform_shares_of_the_box():
    shares = draws(0.1, 1500) / [50, 100]
    assert np.abs(shares).max() <= 0.1 + 1e-6
    for axis in (0, 1):
        counts, _ = np.histogram(shares[:, axis], bins=5, range=(-0.1, 0.1))
        np.testing.assert_allclose(counts / 1500, 0.2, atol=0.04)
    assert abs(np.corrcoef(shares.T)[0, 1]) < 0.1


def test_shifts_follow_the_seed():
    np.testing.assert_array_equal(draws(0.1, 5), draws(0.1, 5))
    assert (draws(0.1, 5) != draws(0.1, 5, seed=1)).any()


def test_nothing_is_shifted_by_nothing():
    results = RandomShift(0)(sample([(3, 4)]))
    np.testing.assert_array_equal(results['bbox_center'], [[40, 60]])
    np.testing.assert_array_equal(results['bbox_scale'], [[80, 120]])
    assert results['bbox_center'].dtype == np.float32


def test_a_shift_moves_the_content(monkeypatch):
    """The box moves to the right by a quarter: the content to the left, in pixels."""
    shift = RandomShift(0.25)
    monkeypatch.setattr(shift, '_draw_shares', lambda: np.array([0.25, -0.1]))
    results = TopdownStretch((64, 64))(shift(sample([(40, 60), (60, 48)])))
    np.testing.assert_allclose(
        results['transformed_keypoints'], [[(16, 38.4), (32, 32)]], atol=1e-4
    )
    found = to_image(results['transformed_keypoints'], results)
    np.testing.assert_allclose(found, [[(40, 60), (60, 48)]], atol=1e-4)


def test_repr():
    assert repr(RandomShift(0.1)) == 'RandomShift(max_share=0.1)'
    assert repr(TopdownStretch([64, 32], 255)) == (
        'TopdownStretch(input_size=(64, 32), border_value=255)'
    )
