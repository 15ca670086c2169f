"""What a human parser sees of a figure, beside the colours that it is painted in."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from fashion_mmpose.synthetic import Parsing
from fashion_mmpose.synthetic.painting.canvas import Camera, Canvas
from fashion_mmpose.synthetic.people import figure
from fashion_mmpose.synthetic.people.figure import Looks
from fashion_mmpose.synthetic.people.person import sample_person

# One channel each, which light and shadow leave brighter than the others.
HAIR, SHOES, SKIN = (250, 30, 30), (30, 250, 30), (30, 30, 250)
CHANNELS = {
    Parsing.HAIR: 0,
    Parsing.OTHERS: 1,
    Parsing.BODY_SKIN: 2,
    Parsing.FACE_SKIN: 2,
}
PERSON = Looks(SKIN, HAIR, SHOES, 0.75, 0.3, face=True, doll=False, headless=False)


def paint(looks: Looks, seed: int) -> Canvas:
    """A figure that wears nothing, on white."""
    rng = np.random.default_rng(seed)
    wearer = sample_person(rng, 'vest', may_lie=False).wearer
    body, pose = wearer.body, wearer.pose
    image = np.full((760, 520, 3), 255, np.uint8)
    matrix = np.array([[110.0, 0, 260], [0, 110, 150], [0, 0, 1]])
    canvas = Canvas(image, Camera(matrix, 110.0), np.array([0.6, -0.8]), rng)
    limbs = figure.legs(list(wearer.legs.values()), looks)
    for arm in figure.arms(list(wearer.arms.values()), looks):
        limbs += arm
    layers = [
        figure.hair_behind(body, looks),
        *limbs,
        figure.trunk(body, looks),
        *figure.head(body, looks),
        *figure.locks(rng, body, looks),
    ]
    for layer in layers:
        if layer is not None:
            canvas.draw(replace(layer.mapped(pose.bend), shadow=0.0))
    return canvas


def inner(canvas: Canvas, kind: Parsing) -> np.ndarray:
    """Pixels of a class whose neighbours are of it, too, shape (N, 3)."""
    mask = (canvas.parsing == kind).astype(np.uint8)
    return canvas.image[cv2.erode(mask, np.ones((3, 3), np.uint8)) > 0].astype(int)


@pytest.mark.parametrize('seed', range(4))
@pytest.mark.parametrize('face', [True, False])
def test_classes_are_where_their_colours_are(seed, face):
    canvas = paint(replace(PERSON, face=face), seed)
    for kind, channel in CHANNELS.items():
        pixels = inner(canvas, kind)
        if kind == Parsing.FACE_SKIN and not face:
            assert len(pixels) == 0
            continue
        assert len(pixels) > 500, kind
        others = np.delete(pixels, channel, axis=1).max(axis=1)
        share = np.mean(pixels[:, channel] > others + 40)
        # Eyes and brows are drawn on the face, and locks hang beside it.
        assert share > (0.85 if kind == Parsing.FACE_SKIN else 0.999), kind
    # Nothing else was painted; tips of fingers are too thin to count.
    assert np.mean(inner(canvas, Parsing.BACKGROUND) == 255) > 0.9999
    assert not (canvas.parsing == Parsing.CLOTHES).any()


def test_mannequin_without_a_head_is_background_but_for_its_shoes():
    doll = replace(PERSON, doll=True, headless=True)
    canvas = paint(doll, 1)
    assert set(canvas.parsing.ravel()) == {Parsing.BACKGROUND, Parsing.OTHERS}
    # It is painted all the same.
    _, green, red = inner(canvas, Parsing.BACKGROUND).T
    assert (red > green + 40).sum() > 20_000
    _, green, red = inner(canvas, Parsing.OTHERS).T
    assert len(red) > 500 and (green > red + 40).all()


@pytest.mark.parametrize(
    'face, head', [(True, Parsing.FACE_SKIN), (False, Parsing.HAIR)]
)
def test_mannequin_with_a_head_is_seen_as_somebody(face, head):
    found = set(paint(replace(PERSON, doll=True, face=face), 1).parsing.ravel())
    assert found == {Parsing.BACKGROUND, Parsing.BODY_SKIN, head, Parsing.OTHERS}
