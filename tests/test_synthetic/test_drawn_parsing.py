"""Human parsing maps of drawn pictures, beside the masks of what was painted."""

import numpy as np
import pytest

from fashion_mmpose.garments import categories
from fashion_mmpose.synthetic import Parsing, draw_deepfashion2, draw_fashionai
from fashion_mmpose.synthetic.painting.masks import seen_garments

SKIN = Parsing.BODY_SKIN, Parsing.FACE_SKIN


@pytest.fixture(scope='module')
def pictures():
    return [draw_deepfashion2(3, index) for index in range(40)]


@pytest.fixture(scope='module')
def drawings():
    names = categories('fashionai')
    return [draw_fashionai(name, 11, index) for name in names for index in range(8)]


def masks_of(picture) -> list[np.ndarray]:
    """Where each layer of the stack was painted, (H, W) bool."""
    masks = []
    for painted in picture.stack:
        full = np.zeros(picture.image.shape[:2], bool)
        height, width = painted.mask.shape
        rows = slice(painted.y, painted.y + height)
        full[rows, painted.x : painted.x + width] = painted.mask >= 128
        masks.append(full)
    return masks


def test_form(pictures, drawings):
    for picture in (*pictures, *drawings):
        assert picture.parsing.dtype == np.uint8
        assert picture.parsing.shape == picture.image.shape[:2]


def test_seen_garments_are_clothes(pictures, drawings):
    """But where what hides no landmark lies on them: trims and necklaces."""
    for picture in (*pictures, *drawings):
        height, width = picture.parsing.shape
        seen = seen_garments(picture.stack, (width, height)) >= 0
        flat = np.zeros_like(seen)
        for painted, mask in zip(picture.stack, masks_of(picture)):
            flat |= mask & (not painted.hides)
        clothes = picture.parsing == Parsing.CLOTHES
        assert seen.any() and clothes[seen & ~flat].all()
        on_it = np.unique(picture.parsing[seen & flat]).tolist()
        assert set(on_it) <= {Parsing.CLOTHES, Parsing.OTHERS}


def test_clothes_of_the_second_benchmark_are_seen_garments(pictures):
    """All garments are annotated there; trims go a little beyond their edges."""
    for picture in pictures:
        height, width = picture.parsing.shape
        seen = seen_garments(picture.stack, (width, height)) >= 0
        for painted, mask in zip(picture.stack, masks_of(picture)):
            seen |= mask & (not painted.hides)
        assert not (picture.parsing == Parsing.CLOTHES)[~seen].any()


def test_what_was_not_painted_is_background(pictures, drawings):
    for picture in (*pictures, *drawings):
        painted = np.any(masks_of(picture), axis=0)
        assert (picture.parsing[~painted] == Parsing.BACKGROUND).all()


def test_nobody_is_seen_where_a_garment_lies(pictures):
    lying = [p for p in pictures if all(item.viewpoint == 1 for item in p.items)]
    assert lying
    for picture in lying:
        assert not np.isin(picture.parsing, (Parsing.HAIR, *SKIN)).any()


def test_people_are_seen(pictures):
    """Arms of most; heads and shoes are often outside of the picture."""
    shown = [set(np.unique(picture.parsing).tolist()) for picture in pictures]
    shares = {kind: np.mean([kind in found for found in shown]) for kind in Parsing}
    assert shares[Parsing.CLOTHES] == shares[Parsing.BACKGROUND] == 1
    assert 0.25 < shares[Parsing.FACE_SKIN] < shares[Parsing.HAIR] < 0.7
    assert 0.6 < shares[Parsing.BODY_SKIN] < 0.95
    assert 0.15 < shares[Parsing.OTHERS] < 0.7


def test_same_arguments_same_map(pictures, drawings):
    again = draw_deepfashion2(3, 2).parsing
    np.testing.assert_array_equal(pictures[2].parsing, again)
    name = categories('fashionai')[0]
    again = draw_fashionai(name, 11, 3).parsing
    np.testing.assert_array_equal(drawings[3].parsing, again)
