"""Pictures with several garments."""

import cv2
import numpy as np
import pytest

from fashion_mmpose import garments
from fashion_mmpose.visualization import draw_predictions

GREY = np.full((200, 200, 3), 128, np.uint8)
SKIRT = garments.garment('deepfashion2', 'skirt')
SHORTS = garments.garment('deepfashion2', 'shorts')
BLUE, ORANGE = (255, 153, 51), (0, 128, 255)  # BGR: left and right


def colour(garment):
    """BGR of the category's lines."""
    return garments.category_color('deepfashion2', garment.name)[::-1]


def skirt_points(left, top, width, height):
    """The skirt's 8 points: waist 1-3, left side 4-5, hem 6, right side 7-8."""
    across = np.array([0, 0.5, 1, 0, 0, 0.5, 1, 1])
    down = np.array([0, 0, 0, 0.5, 1, 1, 1, 0.5])
    return np.column_stack((left + width * across, top + height * down))


def shown(garment, points, box_score=1.0, scores=1.0):
    return garments.GarmentPrediction(
        image_id=1,
        image='a.jpg',
        frame=None,
        benchmark='deepfashion2',
        category=garment.name,
        bbox=np.concatenate((points.min(0) - 10, points.max(0) + 10)),
        bbox_score=box_score,
        keypoints=points,
        scores=np.broadcast_to(scores, len(points)),
    )


def test_every_garment_has_the_colour_of_its_category():
    skirt = shown(SKIRT, skirt_points(20, 30, 60, 100))
    shorts = shown(SHORTS, np.linspace((120, 60), (180, 150), 10))
    picture = draw_predictions(GREY, [skirt, shorts])
    # Side of the skirt between its points 1 and 4, and the corner of both boxes.
    assert tuple(picture[55, 20]) == colour(SKIRT)
    assert tuple(picture[140, 10]) == colour(SKIRT)
    assert tuple(picture[160, 110]) == colour(SHORTS)
    assert tuple(picture[30, 20]) == BLUE and tuple(picture[30, 80]) == ORANGE
    assert (GREY == 128).all(), 'the picture itself is not touched'


def test_pictures_as_an_inferencer_takes_them():
    found = [shown(SKIRT, skirt_points(20, 30, 60, 100))]
    expected = draw_predictions(GREY, found)
    grey = GREY[..., 0]
    alike = grey, grey[..., None], grey.astype(np.uint16) << 8, np.dstack((GREY, grey))
    for picture in alike:
        assert (draw_predictions(picture, found) == expected).all()
        assert (found[0].draw(picture) == expected).all()
    with pytest.raises(ValueError, match='is of type float64 .* a picture is of type'):
        draw_predictions(GREY / 255, found)


def test_large_pictures_look_like_small_ones():
    """Beyond 1000 px lines, points and captions grow with the picture."""
    shares, widths = [], []
    for side in (1000, 4000):
        points = skirt_points(0.3 * side, 0.3 * side, 0.4 * side, 0.4 * side)
        grey = np.full((side, side, 3), 128, np.uint8)
        picture = draw_predictions(grey, [shown(SKIRT, points)])
        shares.append((picture != 128).any(axis=2).mean())
        # Across the outline, far from points and box.
        line = picture[round(0.4 * side), round(0.29 * side) : round(0.31 * side)]
        widths.append((line == colour(SKIRT)).all(axis=1).sum())
    assert 0.6 < shares[1] / shares[0] < 1.1
    assert 3 < widths[1] / widths[0] < 6


def test_small_garments_lie_over_large_ones():
    large = shown(SKIRT, skirt_points(20, 20, 160, 160))
    # Its waist runs through the left side of the large one.
    small = shown(SHORTS, np.full((10, 2), (20.0, 60.0)))
    for order in ([large, small], [small, large]):
        assert tuple(draw_predictions(GREY, order)[60, 20]) != colour(SKIRT)
    assert tuple(draw_predictions(GREY, [large])[60, 20]) == colour(SKIRT)


def test_hidden_points_and_their_lines_are_left_out():
    hidden = np.arange(8) == 3
    picture = draw_predictions(
        GREY, [shown(SKIRT, skirt_points(20, 30, 60, 100), scores=1 - 0.9 * hidden)]
    )
    assert (picture[70:90, 15:26] == 128).all()
    assert tuple(picture[30, 35]) == colour(SKIRT)


def test_captions_do_not_cover_each_other():
    points = skirt_points(20, 100, 60, 80)
    item = shown(SKIRT, points, box_score=0.9)
    (width, height), below = cv2.getTextSize('skirt 0.90', 0, 0.4, 1)
    height += below
    one, two = (draw_predictions(GREY, [item] * count) for count in (1, 2))
    text = one[90 - height : 90, 10 : 10 + width]
    assert tuple(text[0, 0]) == colour(SKIRT)
    assert (text == 255).all(-1).any(), 'something is written'
    # The second stands below the first, inside of the box.
    assert (one[92:95, 12 : 10 + width] == 128).all()
    for top in (90 - height, 90):
        written = two[top : top + height, 10 : 10 + width].astype(int)
        # Letters are smoothed a little beyond their height.
        np.testing.assert_allclose(written, text, atol=4)


def test_captions_stay_in_the_picture():
    points = skirt_points(190, 5, 5, 100)
    picture = draw_predictions(GREY, [shown(SKIRT, points)])
    (width, _), _ = cv2.getTextSize('skirt 1.00', 0, 0.4, 1)
    assert tuple(picture[1, 200 - width]) == colour(SKIRT)
    assert tuple(picture[1, 199 - width]) == (128, 128, 128)
