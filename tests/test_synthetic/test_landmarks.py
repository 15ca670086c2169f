import numpy as np
import pytest

from fashion_mmpose.garments import categories, garment
from fashion_mmpose.synthetic.clothes.body import Limb
from fashion_mmpose.synthetic.clothes.bottoms import (
    SkirtStyle,
    TrouserStyle,
    skirt,
    trousers,
)
from fashion_mmpose.synthetic.clothes.parts import Garment, Part
from fashion_mmpose.synthetic.clothes.tops import TopStyle, arm_root, top
from fashion_mmpose.synthetic.clothes.tubes import TubeStyle
from fashion_mmpose.synthetic.landmarks import locate
from fashion_mmpose.synthetic.painting.curves import Piece, along, crossing, point

CATEGORIES = categories('deepfashion2')
STYLE = dict(
    neck=(0.25, -0.69),
    depth=0.2,
    roundness=1.0,
    shoulder=(0.57, -0.52),
    armpit=(0.5, 0.0),
    waist=(0.45, 0.5),
    hem=(0.55, 1.0),
)
SLING = dict(cut='sling', neck=(0.26, -0.2), shoulder=(0.3, -0.6), depth=0.12)
LENGTH = {'short': 0.5, 'long': 1.6}


def symmetric(category: str, elbow: float = 0.0) -> Garment:
    """A garment on a figure whose two sides mirror each other.

    ``elbow`` is the angle between the bones of arms and legs, in degrees.
    """
    if category == 'skirt':
        return skirt(SkirtStyle(waist=(0.4, 0.5), hip=(0.5, 0.9), hem=(0.7, 1.5)))
    if category in ('shorts', 'trousers'):
        length = 0.5 if category == 'shorts' else 2.0
        tube = TubeStyle(length=length, top=0.24, bottom=0.12)
        legs = {
            s: Limb(s, point(s * 0.24, 1.0), (4, 4 - elbow), (1.0, 1.1))
            for s in (-1, 1)
        }
        return trousers(TrouserStyle((0.4, 0.5), 1.4, {-1: tube, 1: tube}), legs, 1)
    first = category.split('_')[0]
    more = SLING if first == 'sling' else {}
    if first in LENGTH:
        tube = TubeStyle(length=LENGTH[first], top=0.17, bottom=0.12)
        more = dict(sleeves={-1: tube, 1: tube})
    if category.endswith('outwear'):
        more |= dict(opening=(0.05, 0.2))
    style = TopStyle(**STYLE | more)
    arms = {
        s: Limb(s, arm_root(style, s), (30, 30 + elbow), (0.9, 0.8)) for s in (-1, 1)
    }
    return top(style, arms)


def located(category: str) -> dict[int, tuple[float, float]]:
    """Number in the benchmark's figure to position."""
    _, points = locate(symmetric(category), category)
    return {i: tuple(np.round(xy, 6).tolist()) for i, xy in enumerate(points, 1)}


@pytest.mark.parametrize('elbow', [-80.0, 0.0, 60.0])
@pytest.mark.parametrize('category', CATEGORIES)
def test_mirrored_figure_has_mirrored_landmarks(category, elbow):
    names, points = locate(symmetric(category, elbow), category)
    flip = list(garment('deepfashion2', category).flip)
    assert np.isfinite(points).all() and len(points) == len(flip)
    np.testing.assert_allclose(points[flip], points * (-1, 1), atol=1e-9)
    sides = {'left': 'right', 'right': 'left'}
    for name, mirror in zip(names, flip):
        if name not in ('leg_left', 'leg_right'):  # one leg is nearer
            parts = name.split('_')
            assert names[mirror] == '_'.join(sides.get(p, p) for p in parts)


@pytest.mark.parametrize('category', CATEGORIES)
def test_no_two_landmarks_share_a_place(category):
    _, points = locate(symmetric(category), category)
    apart = np.linalg.norm(points[:, None] - points[None], axis=2)
    assert apart[np.triu_indices(len(points), 1)].min() > 0.02


@pytest.mark.parametrize(
    'category, expected',
    [
        pytest.param(
            'short_sleeved_shirt',
            {
                1: (0, -0.64),
                2: (-0.25, -0.69),
                4: (0, -0.49),
                6: (0.25, -0.69),
                7: (-0.57, -0.52),
                12: (-0.5, 0),
                15: (-0.55, 1),
                16: (0, 1),
                17: (0.55, 1),
                20: (0.5, 0),
                25: (0.57, -0.52),
            },
            id='short sleeve top',
        ),
        pytest.param(
            'short_sleeved_outwear',
            {
                4: (-0.25, -0.69),
                2: (-0.05, -0.49),
                30: (-0.1, round(-0.49 + 1.49 / 3, 6)),
                31: (-0.15, round(-0.49 + 2 * 1.49 / 3, 6)),
                16: (-0.2, 1),
                6: (0.25, -0.69),
                26: (0.05, -0.49),
                29: (0.2, 1),
                17: (0.55, 1),
            },
            id='short sleeve outwear: its left neck tip is number 4',
        ),
        pytest.param(
            'long_sleeved_outwear',
            {2: (-0.25, -0.69), 4: (-0.05, -0.49), 20: (-0.2, 1), 37: (0.2, 1)},
            id='long sleeve outwear: its left neck tip is number 2',
        ),
        pytest.param(
            'vest',
            {7: (-0.57, -0.52), 8: (-0.5, 0), 10: (-0.55, 1), 11: (0, 1), 14: (0.5, 0)},
            id='vest',
        ),
        pytest.param(
            'sling',
            {
                2: (-0.26, -0.2),
                1: (0, -0.15),
                4: (0, -0.08),
                7: (-0.3, -0.6),
                15: (0.3, -0.6),
            },
            id='sling: 7 and 15 are the tops of the straps',
        ),
        pytest.param(
            'skirt',
            {
                1: (-0.4, 0.5),
                2: (0, 0.53),
                3: (0.4, 0.5),
                5: (-0.7, 1.5),
                6: (0, 1.5),
                7: (0.7, 1.5),
            },
            id='skirt',
        ),
        pytest.param(
            'trousers',
            {1: (-0.4, 0.5), 2: (0, 0.53), 3: (0.4, 0.5), 9: (0, 1.4)},
            id='trousers',
        ),
        pytest.param(
            'vest_dress',
            {8: (-0.5, 0), 12: (-0.55, 1), 13: (0, 1), 14: (0.55, 1)},
            id='vest dress',
        ),
    ],
)
def test_places_of_the_figure(category, expected):
    found = located(category)
    assert {number: found[number] for number in expected} == expected


def test_sleeve_runs_from_the_shoulder_round_the_cuff_to_the_armpit():
    style = TubeStyle(length=1.6, top=0.17, bottom=0.12)
    left = Limb(-1, arm_root(TopStyle(**STYLE), -1), (90, 90), (0.9, 0.8))
    arms = {-1: left, 1: Limb(1, left.root * (-1, 1), (90, 90), (0.9, 0.8))}
    worn = top(TopStyle(**STYLE, sleeves={-1: style, 1: style}), arms)
    _, points = locate(worn, 'long_sleeved_shirt')
    x, y = left.root
    np.testing.assert_allclose(points[10], (x - 1.6, y - 0.12))  # 11: outer corner
    np.testing.assert_allclose(points[11], (x - 1.6, y + 0.12))  # 12: inner corner
    outer, inner = points[6:11], points[11:16]
    assert (np.diff(outer[:, 0]) < 0).all() and (np.diff(inner[:, 0]) > 0).all()
    # Evenly spread: the seam is longer than its chords only at the shoulder.
    steps = np.linalg.norm(np.diff(outer[1:], axis=0), axis=1)
    np.testing.assert_allclose(steps, steps[0], rtol=0.01)


def test_side_of_a_dress_is_divided_evenly():
    worn = symmetric('vest_dress')
    _, points = locate(worn, 'vest_dress')
    (part,) = worn.body
    line = part.seams['side_left']
    length = np.concatenate(
        [[0], np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=1))]
    )
    places = [np.interp(xy[1], line[:, 1], length) / length[-1] for xy in points[7:12]]
    np.testing.assert_allclose(places, [0, 0.25, 0.5, 0.75, 1], atol=1e-6)


def test_crotch_lies_on_the_leg_in_front():
    names, _ = locate(symmetric('shorts'), 'shorts')
    assert names[6] == 'leg_right'
    assert [names[0], names[2]] == ['leg_left', 'leg_right']


def test_folded_sleeve_has_landmarks_on_both_of_its_parts():
    style = TubeStyle(length=1.6, top=0.17, bottom=0.12)
    bare = TopStyle(**STYLE, sleeves={-1: style, 1: style})
    arms = {s: Limb(s, arm_root(bare, s), (20, -150), (0.9, 0.8)) for s in (-1, 1)}
    names, _ = locate(top(bare, arms), 'long_sleeved_shirt')
    assert names[6:11] == ['sleeve_left'] * 3 + ['sleeve_left_end'] * 2
    assert names[11:15] == ['sleeve_left_end'] * 3 + ['sleeve_left']
    assert names[15] == 'body'


def test_missing_seam_is_named():
    with pytest.raises(KeyError, match="no seam 'back_left' on the parts .*'skirt'"):
        locate(symmetric('skirt'), 'vest')


@pytest.mark.parametrize(
    'fraction, expected',
    [
        pytest.param(0.0, (0, (0, 0)), id='start'),
        pytest.param(0.25, (0, (1, 0)), id='within the first'),
        pytest.param(0.75, (1, (5, 1)), id='the gap has no length'),
        pytest.param(1.0, (1, (5, 2)), id='end'),
    ],
)
def test_along_two_paths(fraction, expected):
    lines = [np.array([[0.0, 0], [2, 0]]), np.array([[5.0, 0], [5, 2]])]
    numbers, spots = along(lines, [0.1, fraction])
    assert (numbers[1], tuple(spots[1].tolist())) == expected


def test_along_no_path():
    with pytest.raises(ValueError, match='no path'):
        along([], [0.5])


def test_first_crossing_of_two_paths():
    a = np.array([[0.0, 0], [1, 0], [4, 0]])
    b = np.array([[3.0, 2], [3, -1], [2, -1], [2, 1]])
    i, j, spot = crossing(a, b)
    assert (i, j, spot.tolist()) == (1, 0, [3, 0])
    assert crossing(a, b + (0, 5)) is None
    assert crossing(a, a + (0, 1)) is None  # parallel


def test_run_between_two_anchors_holds_no_vertex_twice():
    outline = np.array([[0.0, 0], [1, 0], [1, 0], [1, 1]])
    piece = Piece(outline, {'a': 0, 'b': 3})
    assert piece.between('a', 'b').tolist() == [[0, 0], [1, 0], [1, 1]]
    assert piece.between('b', 'a').tolist() == [[1, 1], [1, 0], [0, 0]]


def test_seams_move_with_their_part():
    part = Part('a', (), seams={'side_left': np.array([[1.0, 2]])})
    moved = part.mapped(lambda points: points + 1)
    assert moved.seams['side_left'].tolist() == [[2, 3]]
