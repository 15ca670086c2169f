import numpy as np
import pytest

from fashion_mmpose.synthetic.painting.canvas import Camera, Canvas, Layer, Stroke
from fashion_mmpose.synthetic.painting.curves import Piece, box
from fashion_mmpose.synthetic.painting.masks import seen_garments
from fashion_mmpose.synthetic.painting.parsing import Parsing
from fashion_mmpose.synthetic.painting.surfaces.fabric import sample_cloth, solid

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
    assert (canvas.parsing == Parsing.BACKGROUND).all()


def test_what_is_covered_later_changes_nothing():
    """All layers at once, of which only what is seen is painted, and one by one.

    Shadows on shadows are then rounded and made smooth one by one, too.
    """
    cloth = sample_cloth(np.random.default_rng(4), 120.0, (200, 200, 200))
    disc = 100 + 60 * np.stack([np.cos(turn := np.linspace(0, 6, 40)), np.sin(turn)], 1)
    trunk = rectangle(48, 32, 200, 220)
    layers = [
        Layer((trunk,), cloth, shade=0.5),
        Layer((Piece(disc, {}, box(disc)),), solid((90, 40, 200), 0.5)),
        Layer((trunk, Piece(disc + (80, 36), {}, box(disc))), cloth),
        Layer((rectangle(-20, 80, 280, 160),), solid((10, 200, 30)), shadow=0.9),
    ]
    pictures = []
    for one_by_one in (False, True):
        image = np.full((240, 320, 3), 180, np.uint8)
        rng = np.random.default_rng(1)
        canvas = Canvas(image, Camera(np.eye(3), 120.0), np.array([0.6, -0.8]), rng)
        for each in layers:
            canvas.draw(each)
            if one_by_one:
                assert canvas.image is image
        pictures.append(canvas.image.astype(int))
    difference = np.abs(pictures[0] - pictures[1])
    assert difference.max() < 10 and difference.mean() < 0.3


def test_what_is_covered_is_not_seen():
    """What a layer is made of changes no pixel beyond those that show it."""
    cloth = sample_cloth(np.random.default_rng(4), 30.0, (200, 200, 200))
    pictures = []
    for below in (cloth, solid((10, 200, 30), cloth.relief)):
        image = np.full((60, 80, 3), 180, np.uint8)
        rng = np.random.default_rng(1)
        canvas = Canvas(image, Camera(np.eye(3), 30.0), np.array([0.6, -0.8]), rng)
        canvas.draw(Layer((rectangle(12, 8, 50, 55),), below))
        canvas.draw(Layer((rectangle(30, 20, 70, 40),), cloth))
        pictures.append(canvas.image)
    below, above = (np.zeros((60, 80), np.uint8) for _ in range(2))
    for full, place in zip((below, above), canvas.stack):
        full[place.window] = place.mask
    shows_below = (below > 0) & (above < 255)
    differs = (pictures[0] != pictures[1]).any(2)
    assert not differs[~shows_below].any()
    assert differs[shows_below].mean() > 0.9


def test_one_pixel_of_a_layer(canvas):
    """Of its window, in the picture's corner."""
    canvas.draw(layer(-9, -9, -2, -2, part='body'))
    (painted,) = canvas.stack
    assert painted.mask.shape == (1, 1)
    assert (canvas.image[1:] == 255).all()
    assert (seen_garments(canvas.stack, (80, 60)) == -1).all()


def test_parsing_is_that_of_the_uppermost_layer(canvas):
    """Whatever a layer hides, and where it is cut off by the picture's border."""
    expected = np.zeros((60, 80), np.uint8)
    canvas.draw(layer(10, 10, 60, 50, part='body'))
    expected[10:51, 10:61] = Parsing.CLOTHES
    canvas.draw(layer(-20, 5, 20, 30, parsing=Parsing.BODY_SKIN))
    expected[5:31, :21] = Parsing.BODY_SKIN
    canvas.draw(layer(15, 40, 30, 90, hides=False, parsing=Parsing.OTHERS))
    expected[40:, 15:31] = Parsing.OTHERS
    canvas.draw(layer(50, -9, 99, 20, parsing=Parsing.BACKGROUND))
    expected[:21, 50:] = Parsing.BACKGROUND
    assert canvas.parsing.dtype == np.uint8
    np.testing.assert_array_equal(canvas.parsing, expected)


def test_parsing_has_the_edge_of_the_masks(canvas):
    """Of which polygons are made; edges in the picture are soft."""
    outline = np.array([[10.3, 8.2], [60.6, 15.7], [42.1, 51.4]])
    piece = Piece(outline, {}, box(outline))
    canvas.draw(Layer((piece,), solid((10, 200, 30)), parsing=Parsing.HAIR))
    (painted,) = canvas.stack
    assert set(np.unique(painted.mask)) > {0, 255}
    expected = np.zeros((60, 80), bool)
    height, width = painted.mask.shape
    rows = slice(painted.y, painted.y + height)
    expected[rows, painted.x : painted.x + width] = painted.mask >= 128
    np.testing.assert_array_equal(canvas.parsing == Parsing.HAIR, expected)


@pytest.mark.parametrize(
    'width, rows', [pytest.param(0, 12, id='filled'), pytest.param(3, 3, id='line')]
)
def test_strokes_that_name_what_they_show(canvas, width, rows):
    shape = np.array([[0.0, 20], [80, 20], [80, 31], [0, 31]])
    points = shape[:2] if width else shape
    stroke = Stroke(points, (0, 0, 255), width, parsing=Parsing.OTHERS)
    plain = Stroke(shape + (0, 15), (255, 0, 0))
    skin = layer(
        20, 10, 60, 49, shadow=0.0, strokes=(stroke, plain), parsing=Parsing.BODY_SKIN
    )
    canvas.draw(skin)
    inside = canvas.parsing[10:50, 20:61]
    assert (canvas.parsing > 0).sum() == inside.size
    shown = inside == Parsing.OTHERS
    # A soft line is a little wider than it is told to be.
    assert rows <= shown.all(axis=1).sum() == shown.any(axis=1).sum() <= rows + 2
    assert (inside[~shown] == Parsing.BODY_SKIN).all()
    # What is red in the picture is what the stroke is said to show.
    blue, _, red = np.moveaxis(canvas.image[10:50, 20:61].astype(int), -1, 0)
    np.testing.assert_array_equal(shown, (red > 100) & (blue < 100))


def test_camera_inverts_itself():
    camera = Camera(np.array([[90.0, 5, 30], [-4, 80, 20], [0.02, 0.01, 1]]), 85.0)
    points = np.array([[0.0, 0], [1, 2], [-0.5, 0.7]])
    np.testing.assert_allclose(camera.project(points[:1]), [[30, 20]])
    np.testing.assert_allclose(
        camera.unproject(camera.project(points)), points, atol=1e-9
    )
