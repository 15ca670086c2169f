import numpy as np
import pytest

from fashion_mmpose.synthetic.painting.masks import (
    Painted,
    box_of,
    polygons_of,
    seen_garments,
    whole_masks,
)


def painted(part, x, y, w, h, garment=0, hides=True) -> Painted:
    return Painted(part, hides, x, y, np.full((h, w), 255, np.uint8), garment)


STACK = [
    painted('body', 1, 1, 4, 3, garment=0),
    painted(None, 0, 0, 1, 1),  # a hand on the background
    painted('body', 3, 2, 5, 2, garment=1),
    painted(None, 2, 1, 1, 3, hides=False),  # a necklace
    painted(None, 5, 2, 1, 2),  # a strap
    painted('sleeve', 7, 0, 1, 1, garment=1),
]


def test_whole_masks_hold_what_is_covered():
    whole = whole_masks(STACK, (8, 4))
    assert sorted(whole) == [0, 1]
    assert whole[0].shape == (4, 8)
    assert whole[0].sum() == 12 and whole[0][1:4, 1:5].all()
    assert whole[1].sum() == 11 and whole[1][2:4, 3:8].all() and whole[1][0, 7]


def test_each_pixel_shows_what_lies_on_top():
    assert seen_garments(STACK, (8, 4)).tolist() == [
        [-1, -1, -1, -1, -1, -1, -1, 1],
        [-1, 0, 0, 0, 0, -1, -1, -1],
        [-1, 0, 0, 1, 1, -1, 1, 1],
        [-1, 0, 0, 1, 1, -1, 1, 1],
    ]


def test_soft_edges_count_from_one_half():
    mask = np.array([[127, 128]], np.uint8)
    stack = [Painted('body', True, 0, 0, mask)]
    assert whole_masks(stack, (2, 1))[0].tolist() == [[False, True]]
    assert seen_garments(stack, (2, 1)).tolist() == [[-1, 0]]


def test_box_has_its_far_edges_outside():
    mask = np.zeros((9, 12), bool)
    mask[2:5, 3] = mask[4, 3:8] = True
    assert box_of(mask).tolist() == [3, 2, 8, 5]
    assert box_of(np.zeros((3, 3), bool)) is None


@pytest.mark.parametrize(
    'boxes, expected',
    [
        pytest.param([(2, 3, 12, 9)], [{(2, 3), (11, 3), (11, 8), (2, 8)}], id='one'),
        pytest.param([(0, 0, 3, 3)], [], id='a few pixels'),
        pytest.param(
            [(0, 0, 6, 6), (10, 10, 20, 20)],
            [
                {(10, 10), (19, 10), (19, 19), (10, 19)},
                {(0, 0), (5, 0), (5, 5), (0, 5)},
            ],
            id='two patches, the larger one first',
        ),
    ],
)
def test_polygons(boxes, expected):
    mask = np.zeros((24, 24), bool)
    for x1, y1, x2, y2 in boxes:
        mask[y1:y2, x1:x2] = True
    found = [set(map(tuple, outline.tolist())) for outline in polygons_of(mask)]
    assert found == expected


def test_polygon_has_no_hole():
    mask = np.ones((20, 20), bool)
    mask[5:15, 5:15] = False
    assert [len(outline) for outline in polygons_of(mask)] == [4]
