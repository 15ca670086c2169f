"""Garments laid flat on a table beside a thing of known size, in exact centimetres.

A pinhole camera looks at the table, more or less from above, and its lens bends
straight lines. Lengths on the table are known exactly, whatever the picture makes of
them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fashion_mmpose.garments import garment
from fashion_mmpose.measure.scaling.scale import Lens, transform
from fashion_mmpose.measure.scaling.targets import Target
from fashion_mmpose.synthetic.landmarks import locate
from fashion_mmpose.synthetic.painting.canvas import Camera, Canvas
from fashion_mmpose.synthetic.painting.photograph import photograph
from fashion_mmpose.synthetic.people.person import (
    Person,
    layers_of,
    sample_person,
)

from .camera import (
    SIZES,
    TableCamera,
    bend,
    sample_lens,
    sample_turn,
    view_of,
)
from .table import lay, table_top

_CM = 40.0  # of a unit of the scene
_MOST_TILT = 25.0  # degrees between the camera's axis and the vertical
_ATTEMPTS = 1000


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
        polygons: Outlines of its pieces in pixels, each of shape (n, 2); they overlap.
        lens: The camera's lens.
    """

    image: np.ndarray
    category: str
    keypoints: np.ndarray
    visible: np.ndarray
    places: np.ndarray
    box: np.ndarray
    polygons: tuple[np.ndarray, ...]
    lens: Lens


def draw_laid_flat(
    category: str,
    seed: int,
    index: int,
    target: Target | None = None,
    camera: TableCamera | None = None,
) -> LaidFlat:
    """Draw one picture.

    Args:
        category: A DeepFashion2 category.
        seed: Seed of the set, 0 or above.
        index: Index of the picture in its category, 0 or above.
        target: What lies beside the garment; None for nothing. Defaults to None.
        camera: The camera; None for another one in each picture. Defaults to None.

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
    pieces = [piece.outline for part in worn.garment.parts() for piece in part.pieces]
    outline = np.concatenate(pieces)
    parts, points = locate(worn.garment, category)
    corners, on_table = _place_target(rng, unit * outline, target)
    extent = np.concatenate((unit * outline, corners))
    if camera is None:
        wide, tall = np.ptp(extent, axis=0)
        fitting = [size for size in SIZES if (size[0] - size[1]) * (wide - tall) >= 0]
        size_wh = fitting[rng.integers(len(fitting))]
        camera = TableCamera(size_wh, sample_lens(rng, size_wh))
    lens = camera.lens
    turn = sample_turn(rng, _MOST_TILT)
    view = view_of(extent, turn, camera, rng.uniform(0.7, 0.92))
    scene = view @ np.diag((unit, unit, 1.0))
    middle = outline.mean(axis=0)
    near = transform(np.array([middle, middle + (0.1, 0)]), scene)
    seen = Camera(scene, float(np.linalg.norm(near[1] - near[0]) / 0.1))

    table, backdrop = table_top(rng, camera.size_wh)
    light = rng.normal(0, 1, 2) * (1.0, 0.4) - (0.0, 1.2)
    canvas = Canvas(table, seen, light / np.linalg.norm(light), rng)
    for layer in layers_of(rng, person, 0, seen.unit, backdrop):
        canvas.draw(layer)
    if target is not None:
        lay(canvas.image, target, view @ on_table)
    straight = seen.project(points)
    visible = [not canvas.hidden(spot, part) for spot, part in zip(straight, parts)]
    polygons = tuple(lens.bent(seen.project(piece)) for piece in pieces)
    edge = np.concatenate(polygons)
    return LaidFlat(
        image=photograph(rng, bend(canvas.image, lens)),
        category=category,
        keypoints=lens.bent(straight),
        visible=np.array(visible),
        places=unit * points,
        box=np.concatenate((edge.min(axis=0), edge.max(axis=0))),
        polygons=polygons,
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
