"""Garments laid flat on a table beside a thing of known size, in exact centimetres.

A pinhole camera looks at the table, more or less from above, and its lens bends
straight lines. Lengths on the table are known exactly, whatever the picture makes of
them.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from fashion_mmpose.garments import garment
from fashion_mmpose.measure.scale import Lens, transform
from fashion_mmpose.measure.targets import Target
from fashion_mmpose.synthetic.painting import palette
from fashion_mmpose.synthetic.painting.canvas import Camera, Canvas
from fashion_mmpose.synthetic.painting.fabric import smooth_noise
from fashion_mmpose.synthetic.painting.photograph import photograph
from fashion_mmpose.synthetic.people.person import (
    Person,
    layers_of,
    sample_person,
)

from .landmarks import locate

_CM = 40.0  # of a unit of the scene
_SIZES = ((1600, 1200), (1200, 1600), (1440, 1440))
_MOST_TILT = 25.0  # degrees between the camera's axis and the vertical
_SAMPLES = 4  # a target is drawn at so many times the picture's size
_GRID = 8  # pixels between the places where the lens's bending is computed
_CELL = 24  # pixels of a target's cell or square as it is laid down
_ATTEMPTS = 1000
_DARK_TABLES = palette.WALL[-4:] + palette.CLOTH[:8] + palette.CLOTH[12:16]


@dataclass(frozen=True)
class LaidFlat:
    """A picture of a garment and a thing of known size on a table.

    K: landmarks of the category.

    Attributes:
        image: BGR, uint8, shape (H, W, 3).
        category: A category of DeepFashion2.
        keypoints: Exact landmarks in pixels of the picture, shape (K, 2), float64.
        visible: Whether nothing covers them, bool, shape (K, ).
        places: The same landmarks on the table in centimetres, shape (K, 2).
        box: x1, y1, x2, y2 of the garment in pixels, shape (4, ).
        lens: The camera's lens.
    """

    image: np.ndarray
    category: str
    keypoints: np.ndarray
    visible: np.ndarray
    places: np.ndarray
    box: np.ndarray
    lens: Lens


def draw_laid_flat(
    category: str, seed: int, index: int, target: Target | None = None
) -> LaidFlat:
    """Draw one picture.

    Args:
        category: A DeepFashion2 category.
        seed: Seed of the set, 0 or above.
        index: Index of the picture in its category, 0 or above.
        target: What lies beside the garment; None for nothing. Defaults to None.

    Returns:
        LaidFlat: The same for the same arguments.

    Raises:
        ValueError: If the category does not exist or a number is negative.
    """
    number = garment('deepfashion2', category).category_id
    # The 3 keeps this stream apart from those of other pictures.
    rng = np.random.default_rng([seed, 3, index, number])
    person = _lying(rng, category)
    (worn,) = person.garments()
    unit = _CM * rng.uniform(0.85, 1.1)
    outline = np.concatenate(
        [piece.outline for part in worn.garment.parts() for piece in part.pieces]
    )
    parts, points = locate(worn.garment, category)
    corners, on_table = _place_target(rng, unit * outline, target)
    extent = np.concatenate((unit * outline, corners))
    wide, tall = np.ptp(extent, axis=0)
    fitting = [size for size in _SIZES if (size[0] - size[1]) * (wide - tall) >= 0]
    size_wh = fitting[rng.integers(len(fitting))]
    view, lens = _sample_view(rng, extent, size_wh)
    scene = view @ np.diag((unit, unit, 1.0))
    middle = outline.mean(axis=0)
    near = transform(np.array([middle, middle + (0.1, 0)]), scene)
    camera = Camera(scene, float(np.linalg.norm(near[1] - near[0]) / 0.1))

    table, backdrop = _table(rng, size_wh)
    light = rng.normal(0, 1, 2) * (1.0, 0.4) - (0.0, 1.2)
    canvas = Canvas(table, camera, light / np.linalg.norm(light), rng)
    for layer in layers_of(rng, person, 0, camera.unit, backdrop):
        canvas.draw(layer)
    if target is not None:
        _lay(canvas.image, target, view @ on_table)
    straight = camera.project(points)
    visible = [not canvas.hidden(spot, part) for spot, part in zip(straight, parts)]
    edge = lens.bent(camera.project(outline))
    return LaidFlat(
        image=photograph(rng, _bend(canvas.image, lens)),
        category=category,
        keypoints=lens.bent(straight),
        visible=np.array(visible),
        places=unit * points,
        box=np.concatenate((edge.min(axis=0), edge.max(axis=0))),
        lens=lens,
    )


def _lying(rng: np.random.Generator, category: str) -> Person:
    for _ in range(_ATTEMPTS):
        person = sample_person(rng, category)
        if person.wearer.looks is None:
            return person
    raise RuntimeError(f'none of {_ATTEMPTS} drawn people lets a {category} lie')


def _place_target(
    rng: np.random.Generator, outline: np.ndarray, target: Target | None
) -> tuple[np.ndarray, np.ndarray]:
    """Corners (n, 2) of the target on the table, and where it lies, (3, 3).

    The matrix sends its own plane, with a corner of its border as the origin, to the
    table.
    """
    if target is None:
        return np.zeros((0, 2)), np.eye(3)
    size = np.array(target.size)
    turn = rng.normal(0, 0.15) + (np.pi / 2 if rng.random() < 0.5 else 0)
    cos, sin = np.cos(turn), np.sin(turn)
    rotation = np.array([[cos, -sin], [sin, cos]])
    own = np.array([(0, 0), (1, 0), (1, 1), (0, 1)]) * size
    turned = own @ rotation.T
    low, high = outline.min(axis=0), outline.max(axis=0)
    gap = rng.uniform(2, 6)
    axis = 0 if high[0] - low[0] < high[1] - low[1] else 1
    shift = low + (high - low) * rng.uniform(0.2, 0.8) - turned.mean(axis=0)
    if rng.random() < 0.5:
        shift[axis] = high[axis] + gap - turned[:, axis].min()
    else:
        shift[axis] = low[axis] - gap - turned[:, axis].max()
    matrix = np.eye(3)
    matrix[:2, :2], matrix[:2, 2] = rotation, shift
    return turned + shift, matrix


def _sample_view(
    rng: np.random.Generator, extent: np.ndarray, size_wh: tuple[int, int]
) -> tuple[np.ndarray, Lens]:
    """The homography (3, 3) from the table to the straight picture, and the lens."""
    width, height = size_wh
    focal = rng.uniform(0.85, 1.5) * max(size_wh)
    centre = np.array(size_wh) / 2 + rng.normal(0, 0.01, 2) * size_wh
    matrix = np.array([[focal, 0, centre[0]], [0, focal, centre[1]], [0, 0, 1.0]])
    k1 = rng.uniform(-0.18, 0.06)
    lens = Lens(matrix, np.array([k1, -0.2 * k1, *rng.normal(0, 5e-4, 2), 0.0]))
    tilt = np.radians(rng.uniform(0, _MOST_TILT))
    way = rng.uniform(0, 2 * np.pi)
    roll = rng.normal(0, np.radians(6))
    rotation = (
        cv2.Rodrigues(np.array([0, 0, roll]))[0]
        @ cv2.Rodrigues(tilt * np.array([np.cos(way), np.sin(way), 0]))[0]
    )
    middle = (extent.min(axis=0) + extent.max(axis=0)) / 2
    fill = rng.uniform(0.7, 0.92)
    low, high = 10.0, 2000.0
    for _ in range(40):  # the distance at which all of it fills that share
        distance = (low + high) / 2
        offset = np.array([0, 0, distance]) - rotation[:, :2] @ middle
        view = matrix @ np.column_stack((rotation[:, :2], offset))
        depth = np.column_stack((extent, np.ones(len(extent)))) @ view[2]
        if (depth <= 0.1 * distance).any():
            low = distance
            continue
        seen = lens.bent(transform(extent, view))
        reach = np.abs(seen - np.array(size_wh) / 2).max(axis=0)
        is_near = (reach > fill * np.array(size_wh) / 2).any()
        low, high = (distance, high) if is_near else (low, distance)
    return view / view[2, 2], lens


def _table(
    rng: np.random.Generator, size_wh: tuple[int, int]
) -> tuple[np.ndarray, palette.Color]:
    """A table's top, darker than paper, and its colour."""
    color = palette.pick(rng, _DARK_TABLES, 6)
    side = max(size_wh)
    cloud = smooth_noise(rng, int(rng.integers(3, 12)), side) * rng.uniform(1, 6)
    grain = smooth_noise(rng, 300, side) * rng.uniform(0, 5)
    top = np.array(color) + (cloud + grain)[: size_wh[1], : size_wh[0], None]
    return np.clip(top, 0, 255).astype(np.uint8), color


def _lay(image: np.ndarray, target: Target, view: np.ndarray) -> None:
    """Paints a target into the straight picture, in place."""
    tile = target.draw(_CELL)
    width, height = target.size
    # Pixels' centres of the tile in its plane.
    step = np.array([width / tile.shape[1], height / tile.shape[0]])
    own = np.array([[step[0], 0, step[0] / 2], [0, step[1], step[1] / 2], [0, 0, 1.0]])
    corners = transform(
        np.array([(0, 0), (width, 0), (width, height), (0, height)], float), view
    )
    low = np.floor(corners.min(axis=0)).astype(int) - 2
    high = np.ceil(corners.max(axis=0)).astype(int) + 3
    size = high - low
    # Pixels of the enlarged window: the window's pixel x covers 4x to 4x + 3.
    middle = (_SAMPLES - 1) / 2
    window = np.array(
        [
            [_SAMPLES, 0, middle - _SAMPLES * low[0]],
            [0, _SAMPLES, middle - _SAMPLES * low[1]],
            [0, 0, 1.0],
        ]
    )
    large = tuple((_SAMPLES * size).tolist())
    cover = np.zeros((large[1], large[0]), np.uint8)
    outline = transform(corners, window)
    cv2.fillConvexPoly(cover, np.round(outline * 16).astype(np.int32), 255, 8, 4)
    ink = cv2.warpPerspective(
        tile, window @ view @ own, large, borderMode=cv2.BORDER_REPLICATE
    )
    small = tuple(size.tolist())
    weight = cv2.resize(cover, small, interpolation=cv2.INTER_AREA) / 255.0
    paper = cv2.resize(ink, small, interpolation=cv2.INTER_AREA)[..., None] * 0.94
    rows, columns = slice(low[1], high[1]), slice(low[0], high[0])
    mixed = weight[..., None] * paper + (1 - weight[..., None]) * image[rows, columns]
    image[rows, columns] = np.round(mixed).astype(np.uint8)


def _bend(image: np.ndarray, lens: Lens) -> np.ndarray:
    """The straight picture as the lens shows it."""
    height, width = image.shape[:2]
    columns = np.arange(0, width + _GRID, _GRID, dtype=np.float64)
    rows = np.arange(0, height + _GRID, _GRID, dtype=np.float64)
    grid = np.stack(np.meshgrid(columns, rows), axis=-1)
    sources = lens.straightened(grid.reshape(-1, 2)).reshape(grid.shape)
    x, y = np.arange(width) / _GRID, np.arange(height) / _GRID
    places = np.meshgrid(x.astype(np.float32), y.astype(np.float32))
    full = cv2.remap(sources.astype(np.float32), *places, cv2.INTER_LINEAR)
    return cv2.remap(image, full, None, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)
