import numpy as np
import pytest

from fashion_mmpose.synthetic.painting.curves import (
    Pen,
    box,
    ellipse,
    point,
    ramp,
    ribbon,
    smooth_step,
)


def test_pen_names_the_vertices_it_draws():
    pen = Pen(point(0, 0), 'start').line(point(4, 0), 'corner')
    pen.curve(point(4, 1), point(4, 2), point(4, 3), 'end')
    piece = pen.piece()
    at = {name: piece.outline[i].tolist() for name, i in piece.anchors.items()}
    assert at == {'start': [0, 0], 'corner': [4, 0], 'end': [4, 3]}
    # A Bezier segment whose control points lie on a line stays on it.
    np.testing.assert_allclose(piece.outline[piece.anchors['corner'] :, 0], 4)


def test_curve_passes_the_middle_of_a_bezier():
    outline = Pen(point(0, 0)).curve(point(0, 4), point(8, 4), point(8, 0)).piece()
    # B(1/2) = (P0 + 3 P1 + 3 P2 + P3) / 8
    np.testing.assert_allclose(outline.outline[6], [4, 3])


def test_retrace_goes_backwards_and_keeps_the_anchors():
    path = Pen(point(1, 0), 'a').line(point(2, 0), 'b').piece()
    piece = Pen(point(0, 0)).retrace(path).piece()
    assert piece.outline[piece.anchors['a']].tolist() == [1, 0]
    assert piece.outline[piece.anchors['b']].tolist() == [2, 0]
    assert piece.anchors['b'] < piece.anchors['a']
    assert piece.outline[-1].tolist() == [1, 0]


def test_follow_then_map():
    path = Pen(point(1, 0), 'a').line(point(2, 5), 'b').piece()
    piece = Pen(point(0, 0)).follow(path).piece().mapped(lambda p: 10 * p)
    assert piece.outline[piece.anchors['b']].tolist() == [20, 50]
    assert piece.frame.tolist() == [[0, 0], [20, 0], [20, 50], [0, 50]]


def test_ribbon_has_its_half_width_on_both_sides():
    outline = ribbon(np.array([[0.0, 0], [1, 0], [2, 0]]), np.array([1, 2, 3]))
    assert outline.tolist() == [[0, 1], [1, 2], [2, 3], [2, -3], [1, -2], [0, -1]]


@pytest.mark.parametrize('start, stop', [(0.05, 1.93), (0.7, -0.1), (0.2, 0.2)])
def test_ramp_has_numpys_own_numbers(start, stop):
    expected = np.linspace(start, stop, 9)[:, None]
    np.testing.assert_array_equal(ramp(start, stop, 9), expected)


def test_ribbons_of_several_lines_are_those_of_each():
    lines = np.random.default_rng(2).normal(0, 1, (2, 6, 2))
    widths = np.array([[0.1] * 6, [0.2, 0.3, 0.4, 0.4, 0.3, 0.2]])
    both = ribbon(lines, widths)
    for outline, line, width in zip(both, lines, widths):
        np.testing.assert_array_equal(outline, ribbon(line, width))


def test_ellipse_and_its_box():
    outline = ellipse(point(5, 6), 2, 1, num=4)
    np.testing.assert_allclose(outline, [[7, 6], [5, 7], [3, 6], [5, 5]], atol=1e-12)
    np.testing.assert_allclose(box(outline), [[3, 5], [7, 5], [7, 7], [3, 7]])


@pytest.mark.parametrize('t, expected', [(-1, 0), (0.25, 0.15625), (0.5, 0.5), (3, 1)])
def test_smooth_step(t, expected):
    assert smooth_step(t) == expected
