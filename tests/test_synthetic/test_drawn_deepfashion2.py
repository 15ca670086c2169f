from collections import Counter

import cv2
import numpy as np
import pytest

from fashion_mmpose.garments import categories, garment
from fashion_mmpose.synthetic import deepfashion2, draw_deepfashion2

pytestmark = pytest.mark.slow

CATEGORIES = categories('deepfashion2')
NUM = 4  # pictures of each category


@pytest.fixture(scope='module')
def of_category():
    return {c: [draw_deepfashion2(7, i, c) for i in range(NUM)] for c in CATEGORIES}


@pytest.fixture(scope='module')
def mixed():
    return [draw_deepfashion2(3, index) for index in range(64)]


@pytest.fixture(scope='module')
def every(of_category, mixed):
    """All (picture, item)."""
    pictures = [p for group in of_category.values() for p in group] + mixed[:20]
    return [(picture, item) for picture in pictures for item in picture.items]


def full_mask(painted, shape) -> np.ndarray:
    full = np.zeros(shape, np.uint8)
    height, width = painted.mask.shape
    full[painted.y : painted.y + height, painted.x : painted.x + width] = painted.mask
    return full


def is_part(painted, item) -> bool:
    return painted.part is not None and painted.garment == item.number


def filled(item, shape) -> np.ndarray:
    mask = np.zeros(shape, np.uint8)
    for outline in item.polygons:
        cv2.fillPoly(mask, [outline.astype(np.int32)], 1)
    return mask > 0


def seen_masks(picture) -> dict[int, np.ndarray]:
    """Number of each garment to what is seen of it, painted anew pixel by pixel."""
    shape = picture.image.shape[:2]
    top = np.full(shape, -1)
    for painted in picture.stack:
        if painted.hides:
            number = -1 if painted.part is None else painted.garment
            top = np.where(full_mask(painted, shape) >= 128, number, top)
    return {item.number: top == item.number for item in picture.items}


@pytest.mark.parametrize('category', [None, 'sling'])
def test_same_arguments_same_picture(category):
    first, again = (draw_deepfashion2(5, 2, category) for _ in range(2))
    np.testing.assert_array_equal(first.image, again.image)
    assert len(first.items) == len(again.items)
    for a, b in zip(first.items, again.items):
        np.testing.assert_array_equal(a.landmarks, b.landmarks)
        np.testing.assert_array_equal(a.exact, b.exact)


def test_seed_and_index_change_the_picture():
    first = draw_deepfashion2(5, 2)
    for other in (draw_deepfashion2(5, 3), draw_deepfashion2(6, 2)):
        assert not np.array_equal(first.items[0].exact, other.items[0].exact)


@pytest.mark.parametrize('category', CATEGORIES)
def test_category_asked_for_is_annotated(of_category, category):
    for picture in of_category[category]:
        assert category in [item.category for item in picture.items]


def test_form(every):
    for picture, item in every:
        height, width = picture.image.shape[:2]
        spec = garment('deepfashion2', item.category)
        assert item.landmarks.shape == (len(spec.keypoints), 3)
        x, y, v = item.landmarks.T
        assert set(v.tolist()) <= {0, 1, 2} and (v > 0).any()
        inside = (np.round(item.exact) >= 0).all(1)
        inside &= (np.round(item.exact) < (width, height)).all(1)
        assert ((v > 0) == inside).all()
        assert (item.landmarks[v == 0] == 0).all()
        assert np.abs(item.landmarks[inside, :2] - item.exact[inside]).max() <= 0.5
        x1, y1, x2, y2 = item.box
        assert 0 <= x1 < x2 <= width and 0 <= y1 < y2 <= height
        for outline in item.polygons:
            assert len(outline) >= 3
            assert (outline >= (x1, y1)).all() and (outline < (x2, y2)).all()


def test_landmarks_lie_on_the_edge_of_the_drawn_garment(every):
    checked = 0
    for picture, item in every:
        shape = picture.image.shape[:2]
        edge = np.zeros(shape, bool)
        for painted in picture.stack:
            if is_part(painted, item):
                mask = full_mask(painted, shape)
                kernel = np.ones((3, 3), np.uint8)
                edge |= cv2.morphologyEx(mask, cv2.MORPH_GRADIENT, kernel) > 127
        away = cv2.distanceTransform((~edge).astype(np.uint8), cv2.DIST_L2, 5)
        for number, (x, y, v) in enumerate(item.landmarks, 1):
            # Beyond the picture's border the edge goes on, but not its mask.
            if v > 0 and min(x, y) > 3 and x < shape[1] - 4 and y < shape[0] - 4:
                assert away[y, x] <= 2.2, (item.category, number)  # 1.5 + rounding
                checked += 1
    assert checked > 1000


def test_landmarks_are_occluded_exactly_where_a_mask_covers_them(every):
    seen = Counter()
    for picture, item in every:
        shape = picture.image.shape[:2]
        stack = picture.stack
        home = {p.part: i for i, p in enumerate(stack) if is_part(p, item)}
        covers = []
        for painted in stack:
            mask = full_mask(painted, shape)
            if is_part(painted, item):
                # Parts of the garment meet in its landmarks; only a part that goes
                # on behind a landmark covers it.
                mask = cv2.erode(mask, np.ones((5, 5), np.uint8), borderValue=0)
            covers.append((mask >= 128) & painted.hides)
        for part, (x, y, v) in zip(item.parts, item.landmarks):
            if v > 0:
                hidden = any(cover[y, x] for cover in covers[home[part] + 1 :])
                assert v == (1 if hidden else 2), (item.category, part, x, y)
                seen[int(v)] += 1
    assert min(seen[1], seen[2]) > 150


def test_box_is_the_extent_of_the_whole_garment_in_the_picture(every):
    for picture, item in every:
        shape = picture.image.shape[:2]
        masks = [full_mask(p, shape) for p in picture.stack if is_part(p, item)]
        rows, columns = np.nonzero(np.max(masks, axis=0) >= 128)
        x1, y1, x2, y2 = columns.min(), rows.min(), columns.max() + 1, rows.max() + 1
        assert item.box.tolist() == [x1, y1, x2, y2]
        labelled = item.landmarks[item.landmarks[:, 2] > 0, :2]
        assert (labelled >= (x1 - 1, y1 - 1)).all()
        assert (labelled <= (x2, y2)).all()


def test_polygons_cover_what_is_seen(mixed):
    for picture in mixed[:30]:
        for number, seen in seen_masks(picture).items():
            (item,) = (i for i in picture.items if i.number == number)
            drawn = filled(item, seen.shape)
            # The outline is straightened by up to a pixel; holes are filled.
            assert (drawn & seen).sum() > 0.97 * seen.sum()
            near = cv2.dilate(seen.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
            outline = np.concatenate(item.polygons)
            assert near[outline[:, 1], outline[:, 0]].all()


def test_garments_that_hardly_show_are_not_annotated(mixed):
    for picture in mixed:
        whole = {}
        for painted in picture.stack:
            if painted.part is not None:
                mask = full_mask(painted, picture.image.shape[:2]) >= 128
                whole[painted.garment] = whole.get(painted.garment, False) | mask
        for number, seen in seen_masks(picture).items():
            assert seen.sum() >= max(500, 0.06 * whole[number].sum())


@pytest.mark.parametrize('name, least', [('_LEAST_SEEN', 0.9), ('_LEAST_PIXELS', 4e4)])
def test_picture_is_drawn_again_until_enough_shows(monkeypatch, name, least):
    monkeypatch.setattr(deepfashion2, name, least)
    few = [draw_deepfashion2(3, index, 'shorts') for index in range(3)]
    for picture in few:
        assert 'shorts' in [item.category for item in picture.items]
        seen = seen_masks(picture)
        for item in picture.items:
            whole = np.zeros(picture.image.shape[:2], bool)
            for painted in picture.stack:
                if is_part(painted, item):
                    whole |= full_mask(painted, whole.shape) >= 128
            area = whole.sum() if name == '_LEAST_SEEN' else 1
            assert seen[item.number].sum() >= least * area


def test_attributes_follow_from_landmarks_and_box(every):
    levels = {name: set() for name in ('scale', 'occlusion', 'zoom_in', 'viewpoint')}
    for picture, item in every:
        height, width = picture.image.shape[:2]
        x1, y1, x2, y2 = item.box.tolist()
        share = (x2 - x1) * (y2 - y1) / (height * width)
        v = item.landmarks[:, 2]
        occluded = (v == 1).sum() / (v > 0).sum()
        outside = (v == 0).mean()
        assert item.scale == 1 + (share >= 0.1) + (share >= 0.4)
        assert item.occlusion == 1 + (occluded >= 0.2) + (occluded >= 0.5)
        assert item.zoom_in == 1 + (outside >= 0.2) + (outside >= 0.5)
        for name in levels:
            levels[name].add(getattr(item, name))
    assert all(found == {1, 2, 3} for found in levels.values())


def test_styles_tell_the_garments_of_a_picture_apart(mixed):
    for picture in mixed:
        styles = [item.style for item in picture.items]
        assert styles == list(range(1, len(styles) + 1))
        assert len({item.number for item in picture.items}) == len(styles)


def test_pictures_show_one_to_four_garments_of_shops_and_users(mixed):
    counts = Counter(len(picture.items) for picture in mixed)
    assert set(counts) == {1, 2, 3, 4}
    assert counts[2] == max(counts.values())
    assert {picture.source for picture in mixed} == {'shop', 'user'}


# Shares of the real training set are 0.24 and so on down to 0.007; of its landmarks
# about a sixth are not labelled and a quarter occluded.
def test_shares_are_like_those_of_the_benchmark(mixed):
    items = [item for picture in mixed for item in picture.items]
    shares = {c: n / len(items) for c, n in Counter(i.category for i in items).items()}
    assert shares['short_sleeved_shirt'] == pytest.approx(0.24, abs=0.08)
    assert shares['trousers'] == pytest.approx(0.17, abs=0.07)
    assert shares.get('short_sleeved_outwear', 0) < 0.03
    v = np.concatenate([item.landmarks[:, 2] for item in items])
    assert np.mean(v == 2) == pytest.approx(0.6, abs=0.1)
    assert np.mean(v == 1) == pytest.approx(0.24, abs=0.1)


@pytest.mark.parametrize(
    'arguments, message',
    [
        pytest.param((0, 0, 'hat'), "unknown deepfashion2 category 'hat'", id='hat'),
        pytest.param((-1, 0), 'seed and index must be at least 0', id='seed'),
        pytest.param((0, -1), 'seed and index must be at least 0', id='index'),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        draw_deepfashion2(*arguments)
