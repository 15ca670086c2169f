"""What is drawn, and where."""

import json

import cv2
import numpy as np
import pytest

from fashion_mmpose import garments
from fashion_mmpose.visualization import (
    draw_keypoints,
    draw_truth,
    picture_grid,
    prediction_grid,
    training_curves,
)

SKIRT = garments.garment('fashionai', 'skirt')
POINTS = np.array([[20, 20], [80, 20], [15.0, 90], [85.0, 90]])
GREY = np.full((100, 100, 3), 128, np.uint8)


def test_points_have_the_colours_of_their_side():
    drawn = draw_keypoints(GREY, POINTS, SKIRT)
    blue, orange = (255, 153, 51), (0, 128, 255)  # BGR
    for (x, y), color in zip(POINTS.astype(int), (blue, orange, blue, orange)):
        assert tuple(drawn[y, x]) == color
    assert (drawn[20, 50] != 128).any(), 'the waistband is drawn'
    assert (drawn[55, 50] == 128).all(), 'nothing inside'
    assert (GREY == 128).all(), 'the picture itself is not touched'


def test_hidden_points_take_their_links_along():
    drawn = draw_keypoints(GREY, POINTS, SKIRT, shown=[True, True, False, True])
    assert (drawn[90, 15] == 128).all()
    assert (drawn[90, 50] == 128).all(), 'a link needs both ends'
    assert (drawn[20, 50] != 128).any()


def test_points_far_outside_do_no_harm():
    drawn = draw_keypoints(GREY, POINTS + 1e9, SKIRT)
    np.testing.assert_array_equal(drawn, GREY)


def test_truth_is_a_ring():
    drawn = draw_truth(GREY, POINTS[:1], radius=7)
    assert (drawn[20, 20] == 128).all()
    assert (drawn[20, 27] == 255).all() and (drawn[13, 20] == 255).all()
    hidden = draw_truth(GREY, POINTS[:1], shown=[False])
    np.testing.assert_array_equal(hidden, GREY)


def test_grid_fits_pictures_into_cells():
    wide = np.zeros((50, 100, 3), np.uint8)
    grid = picture_grid([wide] * 3, columns=2, cell=60)
    assert grid.shape == (120, 120, 3)
    column = grid[:60, 30, 0]
    # 100x50 becomes 60x30, in the middle of white.
    assert (column == 0).sum() == 30 and (column[:15] == 255).all()
    assert (grid[60:, 60:] == 255).all(), 'the fourth cell is empty'
    with pytest.raises(ValueError, match='no picture'):
        picture_grid([], columns=2)


@pytest.fixture
def predicted(tmp_path):
    """Three skirts, predicted exactly, 10 % off, and not at all."""
    images, annotations, predictions = [], [], []
    for image_id, offset in ((1, 6.0), (2, 0.0), (3, None)):
        cv2.imwrite(str(tmp_path / f'{image_id}.png'), GREY)
        images.append(
            dict(id=image_id, file_name=f'{image_id}.png', width=100, height=100)
        )
        points = np.column_stack((POINTS, [2, 2, 2, 2]))
        annotations.append(
            dict(image_id=image_id, category_id=4, keypoints=points.ravel().tolist())
        )
        if offset is not None:
            found = np.column_stack((POINTS + [offset, 0], np.ones(4)))
            predictions.append(
                dict(image_id=image_id, keypoints=found.ravel().tolist())
            )
    content = dict(images=images, annotations=annotations)
    (tmp_path / 'gt.json').write_text(json.dumps(content))
    (tmp_path / 'p.json').write_text(json.dumps(predictions))
    return tmp_path


def test_prediction_grid_sorts_by_error(predicted, monkeypatch):
    captions = []
    real = picture_grid

    def spy(pictures, columns, cell, texts):
        captions.extend(texts)
        return real(pictures, columns, cell, texts)

    monkeypatch.setattr('fashion_mmpose.visualization.results.picture_grid', spy)
    grid = prediction_grid(
        predicted / 'gt.json', predicted / 'p.json', predicted, columns=2
    )
    assert captions == ['NE 0.0 %', 'NE 10.0 %']
    assert grid.shape == (320, 640, 3)


def test_prediction_grid_says_what_is_missing(predicted):
    (predicted / '1.png').unlink()
    with pytest.raises(FileNotFoundError, match='1.png'):
        prediction_grid(predicted / 'gt.json', predicted / 'p.json', predicted)
    (predicted / 'p.json').write_text('[]')
    with pytest.raises(ValueError, match='predicts no annotated image'):
        prediction_grid(predicted / 'gt.json', predicted / 'p.json', predicted)


def test_curves(tmp_path):
    lines = [
        dict(lr=0.1, loss=2.0, loss_global=1.0, epoch=1, iter=10, step=10),
        {'fashionai/NE': 0.3, 'step': 1},
        dict(lr=0.05, loss=1.0, loss_global=0.4, epoch=2, iter=20, step=20),
        {'fashionai/NE': 0.2, 'step': 2},
    ]
    log = tmp_path / 'scalars.json'
    log.write_text('\n'.join(json.dumps(line) for line in lines))
    training_curves(log, tmp_path / 'curves.png')
    picture = cv2.imread(str(tmp_path / 'curves.png'))
    assert picture.shape == (352, 1100, 3)
    # Each of the three panels has something drawn in a colour of its own.
    for panel in np.split(picture[:, :1098].astype(int), 3, axis=1):
        assert (np.ptp(panel, axis=2) > 60).sum() > 100
    log.write_text('')
    with pytest.raises(ValueError, match='holds no training step'):
        training_curves(log, tmp_path / 'curves.png')
