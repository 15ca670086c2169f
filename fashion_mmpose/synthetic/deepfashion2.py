"""Pictures in the form of the DeepFashion2 benchmark: several garments in each."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TypeVar

import numpy as np

from fashion_mmpose.formats.deepfashion2.raw import levels
from fashion_mmpose.garments import categories, garment
from fashion_mmpose.synthetic.clothes.parts import Garment
from fashion_mmpose.synthetic.painting.canvas import Camera, Canvas, Layer
from fashion_mmpose.synthetic.painting.masks import (
    Painted,
    box_of,
    parsing_map,
    polygons_of,
    seen_garments,
    whole_masks,
)
from fashion_mmpose.synthetic.painting.photograph import photograph
from fashion_mmpose.synthetic.painting.reproducible import same_on_all_processors
from fashion_mmpose.synthetic.people.occluders import sample_occluders, write_text
from fashion_mmpose.synthetic.people.person import (
    Person,
    layers_of,
    sample_person,
)
from fashion_mmpose.synthetic.people.scene import sample_camera

from .landmarks import locate
from .painting.surfaces.backgrounds import sample_background
from .shares import choose, choose_side

_Thing = TypeVar('_Thing', Layer, Garment)

_SIZES = (
    (0.3, (468, 624)),
    (0.22, (468, 702)),
    (0.16, (480, 640)),
    (0.1, (512, 512)),
    (0.12, (600, 600)),
    (0.1, (640, 480)),
)
_SHOP_SHARE = 0.45
_TEXT_SHARE = 0.1
_COUPLE_SHARE = 0.12
_CLOSE_SHARE = {'shop': 0.08, 'user': 0.28}  # parts of the garments are cut off
_FOCUS_SHARE = 0.45  # the view follows one garment and not all of them
_MOST_ITEMS = 4
_LEAST_SEEN = 0.06  # share of a garment that must show for it to be annotated
_LEAST_PIXELS = 500
_ATTEMPTS = 50
_MOST_PEOPLE = 1000  # that are sampled until one wears nothing but what may be worn


@dataclass(frozen=True)
class DrawnItem:
    """One annotated garment of a picture.

    K: landmarks of the category.

    Attributes:
        category: Its name in the table of garments.
        landmarks: (K, 3) int64, x and y in pixels and v: 2 visible, 1 occluded, 0
            outside the picture (x and y are 0, too).
        exact: (K, 2) float64, the positions before they were rounded, those outside
            the picture included.
        parts: Part of the garment on which each landmark lies.
        number: Number of the garment in the picture's stack.
        box: (4,) int64 x1, y1, x2, y2 in pixels: extent of the whole garment, what
            is covered included, inside the picture.
        polygons: (M, 2) int64 pixels each: outlines of what is seen of it.
        style: Number of the garment in its picture, from 1.
        scale: 1 small, 2 moderate, 3 large: the box has less than 10 %, less than 40 %
            or more of the picture.
        occlusion: 1 slight or none, 2 medium, 3 heavy: less than 20 %, less than 50 %
            or more of the landmarks in the picture are occluded.
        zoom_in: 1 slight or none, 2 medium, 3 large: less than 20 %, less than 50 % or
            more of the landmarks are outside the picture.
        viewpoint: 1 not worn, 2 from the front, 3 from the side or from behind.
    """

    category: str
    landmarks: np.ndarray
    exact: np.ndarray
    parts: list[str]
    number: int
    box: np.ndarray
    polygons: list[np.ndarray]
    style: int
    scale: int
    occlusion: int
    zoom_in: int
    viewpoint: int


@dataclass(frozen=True)
class DrawnPicture:
    """A drawn picture and its annotation.

    Attributes:
        image: (H, W, 3) uint8 BGR.
        items: The annotated garments, those on top first.
        source: ``'shop'`` or ``'user'``.
        stack: Masks of everything in the picture, back to front.
    """

    image: np.ndarray
    items: list[DrawnItem]
    source: str
    stack: list[Painted]

    @property
    def parsing(self) -> np.ndarray:
        """(H, W) uint8, what each pixel shows, as a human parser tells it: one of
        :class:`~fashion_mmpose.synthetic.Parsing`.
        """
        return parsing_map(self.stack, self.image.shape[1::-1])


@dataclass(frozen=True)
class _Located:
    """A garment in the scene.

    Attributes:
        category: Its name in the table of garments.
        parts: Part on which each of its landmarks lies.
        points: (K, 2) landmarks.
    """

    category: str
    parts: list[str]
    points: np.ndarray


@dataclass(frozen=True)
class _Placed:
    """A person at a place in the scene."""

    person: Person
    scale: float = 1.0
    shift: tuple[float, float] = (0.0, 0.0)

    def move(self, points: np.ndarray) -> np.ndarray:
        """Scene points (N, 2) of the person's own points (N, 2)."""
        return points * self.scale + self.shift

    def moved(self, thing: _Thing) -> _Thing:
        """A garment or layer of the person's own, in the scene."""
        stays = self.scale == 1 and self.shift == (0, 0)
        return thing if stays else thing.mapped(self.move)

    @cached_property
    def garments(self) -> list[_Located]:
        """What the person wears, from below to above."""
        return [
            _Located(one.category, *locate(self.moved(one.garment), one.category))
            for one in self.person.garments()
        ]


def _sample_one(
    rng: np.random.Generator, first: str | None, may_lie: bool, only: Collection[str]
) -> Person:
    """Somebody who wears nothing but garments of ``only``."""
    for _ in range(_MOST_PEOPLE):
        person = sample_person(rng, first, may_lie)
        if all(worn.category in only for worn in person.garments()):
            return person
    raise ValueError(
        f'none of {_MOST_PEOPLE} people wears {first or "a top or a dress"} and '
        f'nothing but {", ".join(sorted(only))}; allow more categories'
    )


def _sample_people(
    rng: np.random.Generator, first: str | None, couple: bool, only: Collection[str]
) -> list[_Placed]:
    """One or two people, the one of ``first`` in front of all other things."""
    leader = _Placed(_sample_one(rng, first, not couple, only))
    if not couple:
        return [leader]
    room = _MOST_ITEMS - len(leader.person.garments())
    for _ in range(_MOST_PEOPLE):
        other = _sample_one(rng, None, False, only)
        if len(other.garments()) <= room:
            break
    else:
        return [leader]  # whoever wears so few garments wears others than those allowed
    scale, side = rng.uniform(0.85, 1.02), choose_side(rng)
    shift = (side * rng.uniform(1.35, 2.1), rng.uniform(-0.25, 0.1))
    return [_Placed(other, scale, shift), leader]


def _look(
    rng: np.random.Generator,
    people: Sequence[_Placed],
    first: str | None,
    source: str,
    size_wh: tuple[int, int],
) -> Camera:
    """A view of all garments, or of one, with or without its ends."""
    placed = [each for one in people for each in one.garments]
    named = [each for each in placed if each.category == first]
    focus = named[-1] if named else placed[int(rng.integers(len(placed)))]
    focus = points = focus.points
    if rng.random() >= _FOCUS_SHARE:
        points = np.concatenate([each.points for each in placed])
    fill = min(max(rng.normal(0.8, 0.12), 0.4), 0.96)
    if rng.random() < _CLOSE_SHARE[source]:
        fill = rng.uniform(1.1, 1.9)
    flat = people[-1].person.wearer.looks is None
    max_turn = 30 if flat else 8 if source == 'shop' else 18
    kept = focus[[int(rng.integers(len(focus)))]] * 0.4 + focus.mean(0) * 0.6
    return sample_camera(rng, points, kept, size_wh, fill, max_turn)


def _item(
    located: _Located,
    number: int,
    viewpoint: int,
    canvas: Canvas,
    whole: np.ndarray,
    shown: np.ndarray,
) -> DrawnItem | None:
    """The annotation of a garment; None where too little of it shows.

    Args:
        located: The garment in the scene.
        number: Number of the garment in the canvas's stack.
        viewpoint: As in the annotation.
        canvas: The painted picture.
        whole: (H, W) bool mask of the garment, what is covered included.
        shown: (H, W) number of the garment that each pixel shows.
    """
    area = np.count_nonzero(whole)
    if area < _LEAST_PIXELS:
        return None
    box = box_of(whole)
    x1, y1, x2, y2 = box.tolist()
    seen = shown[y1:y2, x1:x2] == number
    if np.count_nonzero(seen) < max(_LEAST_PIXELS, _LEAST_SEEN * area):
        return None
    polygons = [outline + (x1, y1) for outline in polygons_of(seen)]
    parts, exact = located.parts, canvas.camera.project(located.points)
    landmarks = np.zeros((len(exact), 3), np.int64)
    pixels = np.round(exact).astype(np.int64)
    height, width = whole.shape
    for i, (x, y) in enumerate(pixels.tolist()):
        if 0 <= x < width and 0 <= y < height:
            hidden = canvas.hidden(exact[i], parts[i], garment=number)
            landmarks[i] = x, y, 1 if hidden else 2
    v = landmarks[:, 2]
    if not polygons or not (v > 0).any():
        return None
    share = (x2 - x1) / width * ((y2 - y1) / height)
    return DrawnItem(
        category=located.category,
        landmarks=landmarks,
        exact=exact,
        parts=parts,
        number=number,
        box=box,
        polygons=polygons,
        style=0,
        viewpoint=viewpoint,
        **levels(share, v),
    )


def _draw(
    rng: np.random.Generator, first: str | None, only: Collection[str]
) -> DrawnPicture:
    """A picture that was to show ``first``; covered or cut off, it may not."""
    size_wh = choose(rng, _SIZES)
    source = 'shop' if rng.random() < _SHOP_SHARE else 'user'
    couple = rng.random() < _COUPLE_SHARE
    people = _sample_people(rng, first, couple, only)
    camera = _look(rng, people, first, source, size_wh)

    image, backdrop = sample_background(rng, size_wh)
    if rng.random() < _TEXT_SHARE:
        write_text(rng, image)
    light = rng.normal(0, 1, 2) * (1.0, 0.4) - (0.0, 1.2)
    canvas = Canvas(image, camera, light / np.linalg.norm(light), rng)
    worn: list[tuple[_Located, int]] = []
    for one in people:
        unit = camera.unit * one.scale
        for layer in layers_of(rng, one.person, len(worn), unit, backdrop):
            canvas.draw(one.moved(layer))
        worn += [(each, one.person.viewpoint) for each in one.garments]
    for layer in sample_occluders(rng, people[-1].person.wearer, camera, size_wh):
        canvas.draw(layer)

    whole = whole_masks(canvas.stack, size_wh)
    shown = seen_garments(canvas.stack, size_wh)
    items = []
    for number, (each, viewpoint) in reversed(list(enumerate(worn))):
        if number in whole:
            found = _item(each, number, viewpoint, canvas, whole[number], shown)
            items += [] if found is None else [found]
    items = [replace(item, style=i) for i, item in enumerate(items, 1)]
    return DrawnPicture(photograph(rng, canvas.image), items, source, canvas.stack)


@same_on_all_processors()
def draw_deepfashion2(
    seed: int,
    index: int,
    category: str | None = None,
    only: Collection[str] | None = None,
) -> DrawnPicture:
    """Draw one picture with one to four garments.

    Args:
        seed: Seed of the set, 0 or above.
        index: Index of the picture, 0 or above.
        category: A DeepFashion2 category that is among the annotated garments; None
            for any, with shares like the benchmark's.
        only: The categories that are worn at all; None for all 13.

    Returns:
        DrawnPicture: The same for the same arguments; at least one garment of it is
        annotated.

    Raises:
        ValueError: If a category does not exist, ``category`` is none of ``only``,
            nobody wears these alone, or a number is negative.
        RuntimeError: If none of many pictures shows it; not seen with any category.
    """
    if seed < 0 or index < 0:
        raise ValueError(
            f'seed and index must be at least 0, not seed={seed}, index={index}'
        )
    first = 0 if category is None else garment('deepfashion2', category).category_id
    only = categories('deepfashion2') if only is None else only
    for name in only:
        garment('deepfashion2', name)
    if category is not None and category not in only:
        raise ValueError(f'{category!r} is none of the worn {", ".join(sorted(only))}')
    for attempt in range(_ATTEMPTS):
        # The 2 keeps this stream apart from those of other benchmarks' pictures.
        rng = np.random.default_rng([seed, 2, index, first, attempt])
        picture = _draw(rng, category, only)
        shown = [item.category for item in picture.items]
        if shown and (category is None or category in shown):
            return picture
    raise RuntimeError(
        f'seed {seed}, index {index}: none of {_ATTEMPTS} pictures shows '
        f'{category or "a garment"}'
    )
