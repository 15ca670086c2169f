import cv2
import numpy as np
import pytest

from fashion_mmpose.garments import categories, garment, keypoints
from fashion_mmpose.synthetic import draw_fashionai

pytestmark = pytest.mark.slow

CATEGORIES = categories('fashionai')
NAMES = keypoints('fashionai')
NUM = 40


@pytest.fixture(scope='module')
def drawings():
    return {c: [draw_fashionai(c, 11, i) for i in range(NUM)] for c in CATEGORIES}


def full_mask(painted, shape) -> np.ndarray:
    full = np.zeros(shape, np.uint8)
    height, width = painted.mask.shape
    full[painted.y : painted.y + height, painted.x : painted.x + width] = painted.mask
    return full


def own_points(drawing, category):
    """(channel, x, y, v) of all annotated points."""
    for channel in garment('fashionai', category).channels:
        x, y, v = drawing.keypoints[channel].tolist()
        if v >= 0:
            yield channel, x, y, v


@pytest.mark.parametrize('category', CATEGORIES)
def test_same_arguments_same_picture(drawings, category):
    first, again = drawings[category][3], draw_fashionai(category, 11, 3)
    np.testing.assert_array_equal(first.image, again.image)
    np.testing.assert_array_equal(first.keypoints, again.keypoints)


def test_seed_and_index_change_the_picture(drawings):
    first = drawings['blouse'][3]
    for other in (drawings['blouse'][4], draw_fashionai('blouse', 12, 3)):
        assert not np.array_equal(first.keypoints, other.keypoints)


@pytest.mark.parametrize('category', CATEGORIES)
def test_form(drawings, category):
    foreign = np.delete(np.arange(24), garment('fashionai', category).channels)
    for drawing in drawings[category]:
        height, width = drawing.image.shape[:2]
        assert max(height, width) == 512 and min(height, width) >= 340
        assert (drawing.keypoints[foreign] == -1).all()
        v = drawing.keypoints[:, 2]
        assert set(v.tolist()) <= {-1, 0, 1}
        assert (drawing.keypoints[v == -1] == -1).all()
        labelled = drawing.keypoints[v >= 0, :2]
        assert (labelled >= 0).all() and (labelled < (width, height)).all()
        exact = drawing.exact[v >= 0]
        assert np.abs(labelled - exact).max() <= 0.5


@pytest.mark.parametrize('category', CATEGORIES)
def test_points_lie_on_the_edge_of_the_drawn_garment(drawings, category):
    checked = 0
    for drawing in drawings[category]:
        shape = drawing.image.shape[:2]
        masks = [full_mask(p, shape) for p in drawing.stack if p.part is not None]
        edges = [
            cv2.morphologyEx(m, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)) > 127
            for m in masks
        ]
        edge = np.argwhere(np.any(edges, axis=0))[:, ::-1]
        for channel, *_ in own_points(drawing, category):
            distance = np.linalg.norm(edge - drawing.exact[channel], axis=1).min()
            assert distance <= 2, (NAMES[channel], distance)
            checked += 1
    assert checked > NUM * 3


@pytest.mark.parametrize('category', CATEGORIES)
def test_points_are_occluded_exactly_where_a_mask_covers_them(drawings, category):
    seen = set()
    for drawing in drawings[category]:
        shape = drawing.image.shape[:2]
        parts = [painted.part for painted in drawing.stack]
        covers = []
        for painted in drawing.stack:
            mask = full_mask(painted, shape)
            if painted.part is not None:
                # Parts of the garment meet in its points; only a part that goes on
                # behind a point covers it.
                mask = cv2.erode(mask, np.ones((5, 5), np.uint8), borderValue=0)
            covers.append((mask >= 128) & painted.hides)
        for channel, x, y, v in own_points(drawing, category):
            home = len(parts) - 1 - parts[::-1].index(drawing.parts[channel])
            expected = not any(cover[y, x] for cover in covers[home + 1 :])
            assert v == expected, (NAMES[channel], x, y)
            seen.add(v)
    assert seen == {0, 1}


@pytest.mark.parametrize('category', CATEGORIES)
def test_sides_are_those_of_the_picture(drawings, category):
    spec = garment('fashionai', category)
    left, right = (spec.channels[i] for i in spec.normalizer)
    for drawing in drawings[category]:
        assert drawing.exact[left, 0] < drawing.exact[right, 0]


# Shares in the benchmark's test_a split: visible, normaliser's length in pixels.
REAL = {
    'blouse': (0.809, 154),
    'outwear': (0.696, 139),
    'dress': (0.749, 116),
    'skirt': (0.878, 115),
    'trousers': (0.886, 114),
}


@pytest.mark.parametrize('category', CATEGORIES)
def test_statistics_are_near_those_of_the_benchmark(drawings, category):
    spec = garment('fashionai', category)
    points = np.stack([d.keypoints[list(spec.channels)] for d in drawings[category]])
    visible, length = REAL[category]
    assert np.mean(points[..., 2] == 1) == pytest.approx(visible, abs=0.12)
    assert (points[..., 2] == 0).any()
    left, right = points[:, spec.normalizer[0]], points[:, spec.normalizer[1]]
    both = (left[:, 2] >= 0) & (right[:, 2] >= 0)
    assert both.mean() >= 0.9
    median = np.median(np.linalg.norm((left - right)[both, :2], axis=1))
    assert 0.7 * length < median < 1.4 * length


def test_unknown_category():
    with pytest.raises(ValueError, match="unknown fashionai category 'hat'"):
        draw_fashionai('hat', 0, 0)
