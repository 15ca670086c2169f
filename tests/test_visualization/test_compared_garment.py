"""One predicted garment beside its truth: error, picture and coordinates."""

import math

import cv2
import numpy as np
import pytest

from fashion_mmpose import garments
from fashion_mmpose.errors import PictureError
from fashion_mmpose.visualization import ComparedGarment, garment_grid

SKIRT = garments.garment('fashionai', 'skirt')
TRUE_XY = np.array([[20.0, 20], [80, 20], [15, 90], [85, 90]])
FOUND = np.column_stack((TRUE_XY + [3, 4], [0.9, 0.8, 0.7, 0.6]))
# The third is not labelled, the fourth occluded, which is not scored.
TRUTH = np.column_stack((TRUE_XY, [2, 2, 0, 1]))
TRUTH[2] = 0


def compared(path, category_id, found, truth=None):
    """A garment of a result list, beside an annotation."""
    entry = dict(image_id=7, category_id=category_id, score=0.5, keypoints=found)
    prediction = garments.GarmentPrediction.from_coco(entry, 'fashionai', path)
    return ComparedGarment.with_annotation(prediction, truth)


def annotation(points, category_id=4):
    return dict(category_id=category_id, keypoints=points.ravel().tolist())


def in_full_layout(points):
    full = np.full((24, 3), 7.0)
    full[15:19] = points
    return full


@pytest.fixture
def picture(tmp_path):
    path = tmp_path / 'skirt.png'
    cv2.imwrite(str(path), np.full((100, 100, 3), 128, np.uint8))
    return str(path)


@pytest.mark.parametrize('found', [FOUND, in_full_layout(FOUND)], ids=['own', 'full'])
@pytest.mark.parametrize('truth', [TRUTH, in_full_layout(TRUTH)], ids=['own', 'full'])
def test_layouts(found, truth):
    item = compared('a.jpg', 4, found, annotation(truth))
    assert item.prediction.garment == SKIRT
    np.testing.assert_allclose(item.prediction.points, FOUND, rtol=1e-6)
    np.testing.assert_array_equal(item.truth, TRUTH)
    assert item.error == pytest.approx(5 / 60)


@pytest.mark.parametrize(
    'truth',
    [
        pytest.param(None, id='none'),
        pytest.param(dict(category_id=4), id='no key points'),
        pytest.param(annotation(np.zeros((4, 3))), id='nothing labelled'),
    ],
)
def test_error_is_unknown(truth):
    item = compared('a.jpg', 4, FOUND, truth)
    assert math.isnan(item.error)


@pytest.mark.parametrize(
    'category_id, found, truth, message',
    [
        (9, FOUND, None, 'unknown fashionai category id 9'),
        (5, FOUND, None, 'the prediction for image 7 has 4 key points; expected 24 or'),
        (4, FOUND, annotation(TRUTH[:3]), 'annotation of a.jpg has 3 key points'),
        (4, FOUND, annotation(TRUTH, 5), 'predicted as skirt, annotated as category 5'),
    ],
    ids=['category', 'prediction', 'annotation', 'categories'],
)
def test_wrong_input(category_id, found, truth, message):
    with pytest.raises(ValueError, match=message):
        compared('a.jpg', category_id, found, truth)


def test_table():
    item = compared('a.jpg', 4, FOUND, annotation(TRUTH))
    lines = item.table('skirt').splitlines()
    assert lines[0].startswith('+skirt-')
    rows = [line.strip('|').split('|') for line in lines if line.startswith('|')]
    assert [[cell.strip() for cell in row] for row in rows] == [
        ['key point', 'x', 'y', 'score', 'true x', 'true y', 'off (px)'],
        ['waistband_left', '23.0', '24.0', '0.90', '20.0', '20.0', '5.0'],
        ['waistband_right', '83.0', '24.0', '0.80', '80.0', '20.0', '5.0'],
        ['hemline_left', '18.0', '94.0', '0.70', '-', '-', '-'],
        ['hemline_right', '88.0', '94.0', '0.60', '85.0', '90.0', '5.0'],
    ]


def test_table_without_truth():
    item = compared('a.jpg', 4, FOUND)
    rows = [line for line in item.table().splitlines() if line.startswith('|')]
    assert rows[0].split() == '| key point | x | y | score |'.split()
    assert rows[1].split() == '| waistband_left | 23.0 | 24.0 | 0.90 |'.split()


def test_drawn_with_rings_of_labelled_points(picture):
    far = FOUND + [20, 0, 0]
    drawn = compared(picture, 4, far, annotation(TRUTH)).draw()
    blue = (255, 153, 51)
    assert tuple(drawn[24, 43]) == blue, 'the predicted left end of the waistband'
    for x, y in TRUE_XY[[0, 1, 3]].astype(int):
        assert (drawn[y - 7, x] == 255).all(), 'a ring about the true point'
    assert (drawn[90 - 7, 15] == 128).all(), 'no ring where nothing is labelled'
    assert (drawn[0, 0] == 128).all()
    plain = compared(picture, 4, far).draw()
    assert (plain[20 - 7, 20] == 128).all()


def test_large_pictures_are_shrunk(tmp_path):
    path = str(tmp_path / 'large.png')
    cv2.imwrite(path, np.full((1280, 640, 3), 128, np.uint8))
    found = np.column_stack((TRUE_XY * 10, np.ones(4)))
    drawn = compared(path, 4, found).draw()
    assert drawn.shape == (640, 320, 3)
    assert tuple(drawn[100, 100]) == (255, 153, 51), 'at half of (200, 200)'


def test_grid(picture, monkeypatch):
    shown = [
        compared(picture, 4, FOUND, annotation(TRUTH)),
        compared(picture, 5, in_full_layout(FOUND)),
    ]
    texts = []
    monkeypatch.setattr(
        cv2, 'putText', lambda image, text, *rest: texts.append(text) or image
    )
    grid = garment_grid(shown, columns=3, cell=100)
    assert grid.shape == (100, 300, 3)
    # Each is written twice, black below white.
    assert texts[::2] == texts[1::2] == ['1: skirt, NE 8.3 %', '2: trousers']
    np.testing.assert_array_equal(grid[:, :100], shown[0].draw())


def test_missing_picture():
    with pytest.raises(PictureError, match='none.jpg: No such file'):
        garment_grid([compared('none.jpg', 4, FOUND)])


def test_deepfashion2_is_measured_by_similarity():
    skirt = garments.garment('deepfashion2', 'skirt')
    truth = np.column_stack((np.arange(8), np.arange(8), [2, 2, 1, 2, 2, 2, 2, 0]))
    truth = truth.astype(float)
    found = np.column_stack((truth[:, :2] + [3, 4], np.ones(8)))
    entry = dict(image_id=7, category_id=9, score=0.5, keypoints=found)
    prediction = garments.GarmentPrediction.from_coco(entry, 'deepfashion2')
    known = dict(id=1, category_id=9, keypoints=truth, area=2500.0)
    item = ComparedGarment.with_annotation(prediction, known)
    sigmas = np.array(skirt.sigmas)[:7]  # without the point that is not labelled
    similarity = np.exp(-25 / (2 * 2500 * (2 * sigmas) ** 2)).mean()
    assert 0.1 < similarity < 0.95
    assert item.error == pytest.approx(1 - similarity, rel=1e-6)
    assert item.measured == f'OKS {similarity:.2f}'
    unlabelled = known | dict(keypoints=truth * 0)
    for unknown in (None, unlabelled, known | dict(area=math.nan)):
        item = ComparedGarment.with_annotation(prediction, unknown)
        assert math.isnan(item.error) and item.measured == 'OKS -'
