import cv2
import numpy as np
import pytest

from fashion_mmpose.garments import categories, garment, keypoints
from fashion_mmpose.synthetic.clothes.body import Limb
from fashion_mmpose.synthetic.clothes.bottoms import (
    SkirtStyle,
    TrouserStyle,
    skirt,
    trousers,
)
from fashion_mmpose.synthetic.clothes.tops import TopStyle, arm_root, top
from fashion_mmpose.synthetic.clothes.tubes import TubeStyle, sleeve
from fashion_mmpose.synthetic.painting.curves import point
from fashion_mmpose.synthetic.people.outfit import sample_outfit

STYLE = TopStyle(
    neck=(0.25, -0.69),
    depth=0.2,
    roundness=1.0,
    shoulder=(0.57, -0.52),
    armpit=(0.5, 0.0),
    waist=(0.45, 0.5),
    hem=(0.55, 1.0),
    marked_waist=True,
)
BARE = {
    'neckline_left': (-0.25, -0.69),
    'neckline_right': (0.25, -0.69),
    'center_front': (0.0, -0.49),
    'shoulder_left': (-0.57, -0.52),
    'shoulder_right': (0.57, -0.52),
    'armpit_left': (-0.5, 0.0),
    'armpit_right': (0.5, 0.0),
    'waistline_left': (-0.45, 0.5),
    'waistline_right': (0.45, 0.5),
    'hem_left': (-0.55, 1.0),
    'hem_right': (0.55, 1.0),
}


def positions(parts) -> dict[str, tuple[float, float]]:
    return {
        name: tuple(np.round(xy, 9).tolist())
        for part in parts
        for name, xy in part.anchors().items()
    }


def arm(angle: float, side: int = -1) -> Limb:
    return Limb(side, arm_root(STYLE, side), (angle, angle), (0.9, 0.8))


def inside(part, xy) -> float:
    """Greatest signed distance to the part's pieces, above 0 inside."""
    return max(
        cv2.pointPolygonTest(piece.outline.astype(np.float32), tuple(xy), True)
        for piece in part.pieces
    )


def test_closed_top_has_its_anchors_where_its_style_says():
    assert positions(top(STYLE, {}).parts()) == BARE


def test_skewed_hem_is_lower_on_the_right():
    style = TopStyle(**vars(STYLE) | dict(skew=0.1))
    found = positions(top(style, {}).parts())
    assert (found['hem_left'], found['hem_right']) == ((-0.55, 0.95), (0.55, 1.05))


def test_back_view_moves_only_the_middle_of_the_neckline_behind():
    seen = top(STYLE, {}, back_view=True)
    assert positions(seen.behind) == {'center_front': (0.0, -0.49)}
    assert positions(seen.body) == {
        name: xy for name, xy in BARE.items() if name != 'center_front'
    }


@pytest.mark.parametrize(
    'change, missing',
    [
        pytest.param(dict(cut='raglan'), 'shoulder', id='raglan'),
        pytest.param(dict(cut='strap'), 'shoulder', id='strap'),
        pytest.param(dict(marked_waist=False), 'waistline', id='no waist'),
        pytest.param(dict(opening=(0.1, 0.2)), 'center_front', id='open'),
    ],
)
def test_cut_decides_which_anchors_are_missing(change, missing):
    found = positions(top(TopStyle(**vars(STYLE) | change), {}).parts())
    gone = {name for name in BARE if name not in found}
    assert gone == {name for name in BARE if name.startswith(missing)}


def test_spread_sleeve_ends_where_its_style_says_and_starts_at_the_armpit():
    style = TubeStyle(length=1.7, top=0.15, bottom=0.1)
    limb = arm(90)
    (part,) = sleeve(limb, style, point(-0.57, -0.52), point(-0.5, 0.0))
    x, y = limb.root
    found = positions([part])
    # A horizontal arm: the inner seam is the lower one.
    assert found['cuff_left_in'] == pytest.approx((x - 1.7, y + 0.1))
    assert found['cuff_left_out'] == pytest.approx((x - 1.7, y - 0.1))
    distance = np.linalg.norm(part.pieces[0].outline - (-0.5, 0.0), axis=1)
    assert distance.min() == pytest.approx(0, abs=1e-9)


def test_hanging_sleeve_covers_the_armpit():
    style = TubeStyle(length=0.6, top=0.2, bottom=0.15)
    (part,) = sleeve(arm(0), style, point(-0.57, -0.52), point(-0.5, 0.0))
    assert inside(part, (-0.5, 0.0)) > 0.05


def test_folded_sleeve_is_two_parts_so_that_its_end_is_seen():
    style = TubeStyle(length=1.4, top=0.15, bottom=0.1)
    limb = Limb(-1, arm_root(STYLE, -1), (20, -150), (0.9, 0.8))
    upper, end = sleeve(limb, style, point(-0.57, -0.52), point(-0.5, 0.0))
    assert upper.anchors() == {}
    cuff = end.anchors()
    assert cuff.keys() == {'cuff_left_in', 'cuff_left_out'}
    middle = (cuff['cuff_left_in'] + cuff['cuff_left_out']) / 2
    assert np.linalg.norm(middle - limb.joint) == pytest.approx(0.5)


def test_sides_mirror_each_other():
    style = TubeStyle(length=1.5, top=0.15, bottom=0.1)
    (left,) = sleeve(arm(30, -1), style, point(-0.57, -0.52), point(-0.5, 0.0))
    (right,) = sleeve(arm(30, 1), style, point(0.57, -0.52), point(0.5, 0.0))
    for a, b in zip(left.pieces[::2], right.pieces[::2]):
        np.testing.assert_allclose(a.outline * (-1, 1), b.outline, atol=1e-9)


def test_skirt_corners():
    style = SkirtStyle(waist=(0.4, 0.5), hip=(0.5, 0.9), hem=(0.7, 1.5), skew=0.2)
    found = positions(skirt(style).parts())
    assert {name: xy for name, xy in found.items() if 'waist_' not in name} == {
        'waistband_left': (-0.4, 0.5),
        'hem_left': (-0.7, 1.4),
        'hem_right': (0.7, 1.6),
        'waistband_right': (0.4, 0.5),
    }


@pytest.mark.parametrize('near_leg', [-1, 1])
def test_trousers_meet_in_the_crotch(near_leg):
    tube = TubeStyle(length=2.0, top=0.26, bottom=0.1)
    limbs = {s: Limb(s, point(s * 0.24, 1.0), (0, 0), (1.0, 1.1)) for s in (-1, 1)}
    style = TrouserStyle(waist=(0.4, 0.55), crotch_y=1.4, legs={-1: tube, 1: tube})
    worn = trousers(style, limbs, near_leg)
    found = positions(worn.parts())
    assert found['crotch'] == (0, 1.4)
    near = {-1: 'leg_left', 1: 'leg_right'}[near_leg]
    assert [p.name for p in worn.parts() if 'crotch' in p.anchors()] == [near]
    assert worn.parts()[-1].name == near
    assert found['waistband_right'] == (0.4, 0.55)
    assert found['bottom_left_out'] == pytest.approx((-0.34, 3.0))
    assert found['bottom_left_in'] == pytest.approx((-0.14, 3.0))
    assert found['bottom_right_in'] == pytest.approx((0.14, 3.0))


@pytest.mark.parametrize('category', categories('fashionai'))
def test_outfits_offer_all_points_of_their_category(category):
    names = {
        name.replace('top_hem', 'hem').replace('hemline', 'hem')
        for name in keypoints('fashionai', category)
    }
    offered = set()
    for seed in range(12):
        outfit = sample_outfit(np.random.default_rng(seed), category)
        offered |= {name for name in names if outfit.anchor(name) is not None}
        ends = [
            outfit.anchor(garment('fashionai', category).keypoints[i])[1]
            for i in garment('fashionai', category).normalizer
        ]
        assert ends[0][0] < ends[1][0]
    assert offered == names
