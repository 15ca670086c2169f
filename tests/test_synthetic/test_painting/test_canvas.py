import numpy as np
import pytest

from fashion_mmpose.synthetic.painting.canvas import Camera, Canvas, Layer, Stroke
from fashion_mmpose.synthetic.painting.curves import Piece, box
from fashion_mmpose.synthetic.painting.surfaces.fabric import solid

PIXELS = Camera(np.eye(3), unit=1.0)


def rectangle(x0, y0, x1, y1) -> Piece:
    corners = box(np.array([[x0, y0], [x1, y1]], dtype=float))
    return Piece(corners, {}, corners)


def layer(*corners, part=None, **more) -> Layer:
    return Layer((rectangle(*corners),), solid((10, 200, 30)), part, **more)


@pytest.fixture
def canvas() -> Canvas:
    image = np.full((60, 80, 3), 255, np.uint8)
    rng = np.random.default_rng(0)
    return Canvas(image, PIXELS, np.array([0.0, -1.0]), rng)


def test_mask_is_the_outline(canvas):
    canvas.draw(layer(10, 20, 40, 30, part='body'))
    (painted,) = canvas.stack
    full = np.zeros((60, 80), bool)
    height, width = painted.mask.shape
    full[painted.y : painted.y + height, painted.x : painted.x + width] = (
        painted.mask >= 128
    )
    rows, columns = np.nonzero(full)
    assert (columns.min(), rows.min(), columns.max(), rows.max()) == (10, 20, 40, 30)
    assert full.sum() == 31 * 11


def test_paint_is_the_cloth_inside_and_the_background_outside(canvas):
    canvas.draw(layer(10, 10, 60, 50, shadow=0.0))
    blue, green, red = canvas.image[30, 35].astype(int)
    assert green > 150
    assert blue < 20 and red < 40
    assert (canvas.image[5, 5] == 255).all()


def test_shadow_darkens_what_lies_around(canvas):
    canvas.camera = Camera(np.eye(3), unit=60.0)
    canvas.draw(layer(20, 20, 60, 40, shadow=0.5))
    assert canvas.image[43, 40].max() < 240
    assert (canvas.image[2, 2] == 255).all()


def test_stroke_stays_inside_its_layer(canvas):
    line = Stroke(np.array([[0.0, 25], [80, 25]]), (0, 0, 255), width=3)
    canvas.draw(layer(20, 10, 60, 40, shadow=0.0, strokes=(line,)))
    assert canvas.image[25, 40, 2] > 150
    assert canvas.image[25, 40, 1] < 20
    assert (canvas.image[25, 10] == 255).all()


@pytest.mark.parametrize(
    'above, expected',
    [
        pytest.param(layer(30, 0, 50, 59), True, id='occluder over it'),
        pytest.param(layer(40, 0, 50, 59), True, id='its outermost pixel'),
        pytest.param(layer(41, 0, 50, 59), False, id='one pixel beside it'),
        pytest.param(layer(30, 0, 50, 59, hides=False), False, id='trim'),
        pytest.param(layer(30, 0, 50, 59, part='sleeve'), True, id='own part over it'),
        pytest.param(layer(38, 0, 50, 59, part='sleeve'), True, id='own part 2 px on'),
        pytest.param(layer(39, 0, 50, 59, part='sleeve'), False, id='own part meets'),
    ],
)
def test_hidden(canvas, above, expected):
    canvas.draw(layer(0, 0, 79, 59))
    canvas.draw(layer(10, 10, 40, 50, part='body'))
    canvas.draw(above)
    assert canvas.hidden(np.array([40.2, 29.8]), 'body') is expected


def test_what_lies_below_hides_nothing(canvas):
    canvas.draw(layer(0, 0, 79, 59))
    canvas.draw(layer(0, 0, 79, 59, part='sleeve'))
    canvas.draw(layer(10, 10, 40, 50, part='body'))
    assert canvas.hidden(np.array([20.0, 20]), 'body') is False
    assert canvas.hidden(np.array([20.0, 20]), 'sleeve') is True


def test_layers_outside_the_picture_are_left_out(canvas):
    canvas.draw(layer(100, 0, 120, 20))
    assert canvas.stack == []
    assert (canvas.image == 255).all()


def test_camera_inverts_itself():
    camera = Camera(np.array([[90.0, 5, 30], [-4, 80, 20], [0.02, 0.01, 1]]), 85.0)
    points = np.array([[0.0, 0], [1, 2], [-0.5, 0.7]])
    np.testing.assert_allclose(camera.project(points[:1]), [[30, 20]])
    np.testing.assert_allclose(
        camera.unproject(camera.project(points)), points, atol=1e-9
    )
