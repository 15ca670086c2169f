"""Pictures of a run, and its curves."""

import json
import sys

import cv2
import numpy as np
import pytest

from fashion_mmpose import garments
from fashion_mmpose.errors import PictureError
from fashion_mmpose.visualization import picture_grid, prediction_grid, training_curves

POINTS = np.array([[20, 20], [80, 20], [15.0, 90], [85.0, 90]])
GREY = np.full((100, 100, 3), 128, np.uint8)


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
            entry = dict(image_id=image_id, category_id=4, score=0.5)
            predictions.append(entry | dict(keypoints=found.ravel().tolist()))
    categories = [dict(id=4, name='skirt')]
    content = dict(images=images, annotations=annotations, categories=categories)
    (tmp_path / 'gt.json').write_text(json.dumps(content))
    (tmp_path / 'p.json').write_text(json.dumps(predictions))
    return tmp_path


def spied_captions(monkeypatch):
    captions = []
    real = picture_grid

    def spy(pictures, columns, cell, texts):
        captions.extend(texts)
        return real(pictures, columns, cell, texts)

    monkeypatch.setattr('fashion_mmpose.visualization.results.picture_grid', spy)
    return captions


def test_prediction_grid_sorts_by_error(predicted, monkeypatch):
    captions = spied_captions(monkeypatch)
    grid = prediction_grid(
        predicted / 'gt.json', predicted / 'p.json', predicted, columns=2
    )
    assert captions == ['NE 0.0 %', 'NE 10.0 %']
    assert grid.shape == (320, 640, 3)


def test_prediction_grid_shows_the_best_box_of_the_category(predicted, monkeypatch):
    path = predicted / 'p.json'
    (first, second) = json.loads(path.read_text())
    other = dict(second, category_id=5, score=0.9, keypoints=[1] * 21)
    worse = dict(first, image_id=2, score=0.4)
    path.write_text(json.dumps([other, second, worse]))
    captions = spied_captions(monkeypatch)
    prediction_grid(predicted / 'gt.json', path, predicted)
    assert captions == ['NE 0.0 %']


def test_prediction_grid_takes_the_full_layout(predicted, monkeypatch):
    """As in test_all.json; an image that the rule skips comes last."""
    content = json.loads((predicted / 'gt.json').read_text())
    found = json.loads((predicted / 'p.json').read_text())
    for entry, absent in (*zip(content['annotations'], (0, 1)), *zip(found, (1, 1))):
        own = np.reshape(entry['keypoints'], (4, 3))
        full = np.full((24, 3), absent, float)
        full[15:19] = own
        if entry['image_id'] == 2:
            full[15:17, 0] = 50  # no distance between the ends of the waistband
        entry['keypoints'] = full.ravel().tolist()
    (predicted / 'gt.json').write_text(json.dumps(content))
    (predicted / 'p.json').write_text(json.dumps(found))
    captions = spied_captions(monkeypatch)
    prediction_grid(predicted / 'gt.json', predicted / 'p.json', predicted)
    assert captions == ['NE 10.0 %', 'NE -']


def test_prediction_grid_says_what_is_missing(predicted):
    (predicted / '1.png').unlink()
    with pytest.raises(PictureError, match='1.png'):
        prediction_grid(predicted / 'gt.json', predicted / 'p.json', predicted)
    (predicted / 'p.json').write_text('[]')
    with pytest.raises(ValueError, match='predicts no annotated image'):
        prediction_grid(predicted / 'gt.json', predicted / 'p.json', predicted)


@pytest.mark.parametrize(
    'normalizer, captions',
    [(['brim_left', 'brim_right'], ['NE 10.0 %']), (None, ['OKS 0.86'])],
)
def test_prediction_grid_of_a_benchmark_that_a_user_describes(
    tmp_path, monkeypatch, normalizer, captions
):
    names = ['brim_left', 'brim_right', 'top']
    description = dict(
        name='hats', categories=dict(cap=names), normalizer=normalizer, sigmas=0.1
    )
    hats = garments.benchmark_from(description)
    cv2.imwrite(str(tmp_path / '1.png'), GREY)
    truth = dict(image_id=1, category_id=1, area=2880)
    truth['keypoints'] = [20, 80, 2, 80, 80, 2, 50, 20, 2]
    found = dict(image_id=1, category_id=1, score=0.5)
    found['keypoints'] = [26, 80, 1, 86, 80, 1, 56, 20, 1]
    content = dict(
        images=[dict(id=1, file_name='1.png')],
        annotations=[truth],
        categories=[dict(id=1, name='cap', keypoints=names)],
    )
    (tmp_path / 'gt.json').write_text(json.dumps(content))
    (tmp_path / 'p.json').write_text(json.dumps([found]))
    shown = spied_captions(monkeypatch)
    files = tmp_path / 'gt.json', tmp_path / 'p.json', tmp_path
    prediction_grid(*files, benchmark=hats)
    # 36 / (2 * 2880 * 0.2 ** 2) is 0.156, and exp(-0.156) is 0.855.
    assert shown == captions
    with pytest.raises(ValueError, match='name the description of its benchmark'):
        prediction_grid(*files)


@pytest.mark.slow
@pytest.mark.parametrize('score', ['fashionai/NE', 'hats/AP'])
def test_curves(tmp_path, score):
    lines = [
        dict(lr=0.1, loss=2.0, loss_global=1.0, epoch=1, iter=10, step=10),
        {score: 0.3, 'step': 1},
        dict(lr=0.05, loss=1.0, loss_global=0.4, epoch=2, iter=20, step=20),
        {score: 0.2, 'step': 2},
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


def test_curves_name_the_extra_that_draws_them(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, 'matplotlib.figure', None)
    with pytest.raises(ImportError, match=r"pip install 'fashion-mmpose\[plots\]'"):
        training_curves(tmp_path / 'scalars.json', tmp_path / 'curves.png')
