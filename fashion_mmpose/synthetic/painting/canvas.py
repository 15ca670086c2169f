"""A picture that is painted back to front and remembers what covers what."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import cv2
import numpy as np

from .curves import Piece, sent
from .masks import Painted, parsing_map
from .parsing import Parsing
from .shading import COARSE, Lamp, coarse_window, enlarged, soften
from .surfaces.fabric import Cloth
from .surfaces.palette import Color, filled

_SHIFT = 4  # fractional bits of the coordinates that OpenCV draws
_COARSE_SHIFT = COARSE.bit_length() - 1
_NEIGHBOURS = np.ones((3, 3), np.uint8)


@dataclass(frozen=True)
class Camera:
    """From the scene to the picture.

    Attributes:
        matrix: (3, 3) homography, scene units to pixels; a pixel's centre has
            integer coordinates.
        unit: Pixels per scene unit, about the middle of the garment.
    """

    matrix: np.ndarray
    unit: float

    def project(self, points: np.ndarray) -> np.ndarray:
        """Pixels (N, 2) of scene points (N, 2)."""
        flat = np.ascontiguousarray(points, dtype=np.float64)[:, None]
        return cv2.perspectiveTransform(flat, self.matrix)[:, 0]

    def unproject(self, pixels: np.ndarray) -> np.ndarray:
        """Scene points (N, 2) of pixels (N, 2)."""
        return replace(self, matrix=np.linalg.inv(self.matrix)).project(pixels)


@dataclass(frozen=True)
class Stroke:
    """A line or a filled shape drawn on a layer, in scene units.

    Attributes:
        points: (N, 2).
        color: BGR.
        width: Width of the line; 0 fills the outline.
        parsing: What it shows; None for the same as its layer.
    """

    points: np.ndarray
    color: Color
    width: float = 0.0
    parsing: Parsing | None = None

    def moved(self, lines: Iterator[np.ndarray | None]) -> Stroke:
        """The stroke with other points, the next line's."""
        return Stroke(next(lines), self.color, self.width, self.parsing)


@dataclass(frozen=True)
class Layer:
    """One opaque thing in the picture.

    Attributes:
        pieces: Outlines in scene units; the layer is their union.
        cloth: What it is made of.
        part: Name of the garment part, None for all other things.
        hides: Whether landmarks below it count as occluded.
        shade: Brightness, 1 as the cloth is.
        shadow: Darkness of the shadow that it casts on what lies below.
        strokes: Details on it.
        garment: Number of the garment of which ``part`` is a part.
        parsing: What it shows.
    """

    pieces: tuple[Piece, ...]
    cloth: Cloth
    part: str | None = None
    hides: bool = True
    shade: float = 1.0
    shadow: float = 0.35
    strokes: tuple[Stroke, ...] = ()
    garment: int = 0
    parsing: Parsing = Parsing.CLOTHES

    @property
    def lines(self) -> list[np.ndarray | None]:
        """Those of its pieces and strokes."""
        lines = [line for piece in self.pieces for line in piece.lines]
        return lines + [stroke.points for stroke in self.strokes]

    def moved(self, lines: Iterator[np.ndarray | None]) -> Layer:
        """The layer with other :attr:`lines`, the next ones."""
        return replace(
            self,
            pieces=tuple(piece.moved(lines) for piece in self.pieces),
            strokes=tuple(stroke.moved(lines) for stroke in self.strokes),
        )

    def mapped(self, function) -> Layer:
        """The layer with all its points sent through ``function``."""
        return self.moved(sent(function, self.lines))


@dataclass(frozen=True)
class _Sketch:
    """A layer that is drawn and not yet painted.

    Attributes:
        layer: The layer.
        place: Where it lies in the picture.
        fixed: Outlines of its pieces and its strokes, (N, 2) each, for OpenCV in the
            window of ``place``.
        frames: (4, 2) pixels of the picture each, of its pieces' cloth.
        dimmed: Rows and columns of the shadow that it casts.
        light: Coarse (h, w) uint8 brightness, 160 is neutral.
    """

    layer: Layer
    place: Painted
    fixed: list[np.ndarray]
    frames: list[np.ndarray]
    dimmed: tuple[slice, slice]
    light: np.ndarray


def _fixed(lines: list[np.ndarray], origin: np.ndarray) -> list[np.ndarray]:
    """Lines (N, 2) in pixels for OpenCV, from an origin."""

    def fix(points: np.ndarray) -> np.ndarray:
        return np.rint((points - origin) * (1 << _SHIFT)).astype(np.int32)

    return list(sent(fix, lines))


def _lay(frame: np.ndarray, pixels: float, target: np.ndarray) -> np.ndarray:
    """(3, 3) from a tile's pixels to those of a piece's frame (4, 2) in a window."""
    a, b, c, d = frame.tolist()
    w = pixels * (math.dist(a, b) + math.dist(c, d)) / 2
    h = pixels * (math.dist(b, c) + math.dist(d, a)) / 2
    flat = np.array([[0, 0], [w, 0], [w, h], [0, h]], np.float32)
    return cv2.getPerspectiveTransform(flat, target.astype(np.float32))


def _shade(image: np.ndarray, light: np.ndarray, neutral: int) -> None:
    """Darkens and lightens an image (h, w, 3) in place, by (h, w) uint8 brightness."""
    light = cv2.cvtColor(light, cv2.COLOR_GRAY2BGR)
    cv2.multiply(image, light, dst=image, scale=1 / neutral)


class Canvas:
    """The picture while it is painted.

    Args:
        image: (H, W, 3) uint8 background; painted over in place.
        camera: Maps scene units to pixels.
        light: (2,) unit vector in the picture, towards the light.
        rng: Source of the folds.

    Attributes:
        camera: The view.
        stack: All layers that touch the picture, back to front.
    """

    def __init__(
        self,
        image: np.ndarray,
        camera: Camera,
        light: np.ndarray,
        rng: np.random.Generator,
    ) -> None:
        self._image = image
        self._sketches: list[_Sketch] = []
        self.camera = camera
        self._rng = rng
        # How dark edges, how deep shadows and how strong creases are in this picture.
        self._rim = max(0.0, rng.uniform(-0.15, 0.3))
        self._shadow = rng.uniform(0.2, 1.3)
        self._lamp = Lamp(light, camera.unit, rng.uniform(0.05, 0.3))
        self.stack: list[Painted] = []

    @property
    def parsing(self) -> np.ndarray:
        """(H, W) uint8, what each pixel shows: a :class:`Parsing`."""
        return parsing_map(self.stack, self._image.shape[1::-1])

    @property
    def image(self) -> np.ndarray:
        """(H, W, 3) uint8 BGR, the picture with all layers so far."""
        height, width = self._image.shape[:2]
        free = np.full((height, width), 255, np.uint8)
        shadows = np.full((-(-height // COARSE), -(-width // COARSE)), 255, np.uint8)
        plan = []
        # From the front: what later layers cover need not be painted, and their
        # shadows fall on what earlier ones show.
        for sketch in reversed(self._sketches):
            mask, window = sketch.place.mask, sketch.place.window
            own = free[window]
            seen = cv2.min(mask, own)
            _, thin = cv2.threshold(mask, 254, 255, cv2.THRESH_BINARY_INV)
            cv2.min(own, thin, dst=own)
            shadow = shadows[coarse_window(window)]
            light = cv2.multiply(sketch.light, shadow, scale=1 / 255)
            plan.append((sketch, seen, light))
            self._cast(sketch, shadows)
        _shade(self._image, enlarged(shadows, 0, 0, width, height), 255)
        for sketch, seen, light in reversed(plan):
            self._paint(sketch, seen, light)
        self._sketches.clear()
        return self._image

    def draw(self, layer: Layer) -> None:
        """Draws a layer over everything drawn before."""
        count = len(layer.pieces)
        lines = list(sent(self.camera.project, layer.lines))
        outlines, frames = lines[: 2 * count : 2], lines[1 : 2 * count : 2]
        strokes = lines[2 * count :]
        points = np.concatenate(outlines)
        extent = cv2.reduce(points, 0, cv2.REDUCE_MIN)[0].tolist()
        extent += cv2.reduce(points, 0, cv2.REDUCE_MAX)[0].tolist()
        rows, columns = self._window(extent, 2)
        x0, y0 = columns.start, rows.start
        if columns.stop <= x0 or rows.stop <= y0:
            return
        mask = np.zeros((rows.stop - y0, columns.stop - x0), np.uint8)
        fixed = _fixed([*outlines, *strokes], np.array([x0, y0]))
        for outline in fixed[:count]:
            cv2.fillPoly(mask, [outline], 255, cv2.LINE_AA, _SHIFT)
        details = self._details(layer.strokes, fixed[count:], mask.shape)
        place = Painted(
            *(layer.part, layer.hides, x0, y0, mask),
            *(layer.garment, layer.parsing, details),
        )
        self.stack.append(place)
        dimmed = self._window(extent, int(2.5 * self._reach) + 2)
        light = self._lamp.on(
            *(self._rng, mask, place.window, frames[-1]),
            *(layer.cloth.relief, 160 * layer.shade),
        )
        self._sketches.append(_Sketch(layer, place, fixed, frames, dimmed, light))

    def hidden(
        self, point: np.ndarray, part: str, margin: int = 2, garment: int = 0
    ) -> bool:
        """Whether something lies in front of a point of a garment part.

        Args:
            point: (2,) pixels.
            part: The uppermost part on which the point lies.
            margin: Where two parts of the garment meet, both masks touch the point:
                another part hides it only if it reaches that many pixels further.
                Things that are no part of the garment need no such margin.
            garment: Number of the garment.
        """

        def same(row: Painted) -> bool:
            return row.part is not None and row.garment == garment

        first = max(
            i for i, row in enumerate(self.stack) if same(row) and row.part == part
        )
        spot = point.tolist()
        return any(
            row.covers(spot, margin if same(row) else 0)
            for row in self.stack[first + 1 :]
            if row.hides
        )

    def _window(self, extent: list[float], margin: int) -> tuple[slice, slice]:
        """Rows and columns of whole pixels around an extent, some or none."""
        height, width = self._image.shape[:2]
        left, top, right, bottom = extent
        x0, y0 = max(math.floor(left) - margin, 0), max(math.floor(top) - margin, 0)
        x1 = min(math.ceil(right) + margin + 1, width)
        y1 = min(math.ceil(bottom) + margin + 1, height)
        return slice(y0, y1), slice(x0, x1)

    @property
    def _reach(self) -> float:
        """How far shadows reach, in pixels."""
        return 0.1 * self.camera.unit

    def _cast(self, sketch: _Sketch, shadows: np.ndarray) -> None:
        """Darkens what lies around the outlines, away from the light.

        ``shadows`` are those on the whole picture, coarse (h, w), 255 is none.
        """
        darkness = round(255 * sketch.layer.shadow * self._shadow)
        if darkness <= 0:
            return
        rows, columns = coarse_window(sketch.dimmed)
        region = shadows[rows, columns]
        own = np.zeros_like(region)
        dx, dy = (self._lamp.direction * self._reach * 0.4).tolist()
        # The centre of a coarse pixel is not that of its first pixel.
        dx, dy = dx + (COARSE - 1) / 2, dy + (COARSE - 1) / 2
        offset = (
            round((sketch.place.x - columns.start * COARSE - dx) * (1 << _SHIFT)),
            round((sketch.place.y - rows.start * COARSE - dy) * (1 << _SHIFT)),
        )
        for outline in sketch.fixed[: len(sketch.layer.pieces)]:
            cv2.fillPoly(own, [outline], darkness, 8, _SHIFT + _COARSE_SHIFT, offset)
        own = cv2.bitwise_not(soften(own, 0.6 * self._reach / COARSE))
        cv2.multiply(region, own, dst=region, scale=1 / 255)

    def _paint(self, sketch: _Sketch, seen: np.ndarray, light: np.ndarray) -> None:
        """Paints a layer where it is seen: where its mask (h, w) still is not 0."""
        x, y, w, h = cv2.boundingRect(seen)
        if w == 0:
            return
        place, window = sketch.place, np.s_[y : y + h, x : x + w]
        cover = seen[window]
        painted = self._cloth(sketch, cover, (x, y))
        drawn = sketch.fixed[len(sketch.layer.pieces) :]
        for stroke, points in zip(sketch.layer.strokes, drawn):
            self._stroke(
                painted, stroke, points - (x << _SHIFT, y << _SHIFT), stroke.color
            )
        below = self._image[place.window][window]
        _shade(below, cv2.bitwise_not(cover), 255)
        if self._rim > 0:
            inner = cv2.erode(place.mask, _NEIGHBOURS)[window]
            inner = cv2.addWeighted(
                place.mask[window], 1 - self._rim, inner, self._rim, 0
            )
            cover = cv2.min(cover, inner)
        bright = enlarged(light, x + place.x % COARSE, y + place.y % COARSE, w, h)
        _shade(painted, cv2.multiply(bright, cover, scale=1 / 255), 160)
        cv2.add(below, painted, dst=below)

    def _cloth(
        self, sketch: _Sketch, cover: np.ndarray, origin: tuple[int, int]
    ) -> np.ndarray:
        """The material's own colours (h, w, 3) where ``cover`` (h, w) is not 0.

        They are those of a box of the layer's window, which begins at ``origin``.
        """
        cloth, pieces = sketch.layer.cloth, sketch.layer.pieces
        if len(cloth.tile) <= 8:
            return filled(cover.shape[::-1], cloth.color)
        x, y = origin
        corner = sketch.place.x + x, sketch.place.y + y
        matrices = [
            _lay(piece.frame, cloth.pixels, frame - corner)
            for piece, frame in zip(pieces, sketch.frames)
        ]
        if len(pieces) == 1:
            return cloth.laid(matrices[0], cover)
        painted = np.zeros((*cover.shape, 3), np.uint8)
        shift = -x << _SHIFT, -y << _SHIFT
        for matrix, outline in zip(matrices, sketch.fixed):
            own = np.zeros_like(cover)
            cv2.fillPoly(own, [outline], 255, cv2.LINE_AA, _SHIFT, shift)
            own = cv2.min(own, cover)
            cv2.copyTo(cloth.laid(matrix, own), own, painted)
        return painted

    def _details(self, strokes, drawn: list[np.ndarray], shape) -> tuple:
        """Those of the strokes that show something else than their layer, as masks."""
        details = []
        for stroke, points in zip(strokes, drawn):
            if stroke.parsing is not None:
                inside = np.zeros(shape, np.uint8)
                self._stroke(inside, stroke, points, 255)
                details.append((stroke.parsing, inside))
        return tuple(details)

    def _stroke(self, painted: np.ndarray, stroke: Stroke, points, color) -> None:
        """Draws a stroke's points, for OpenCV in the window that is painted."""
        if stroke.width:
            width = max(1, round(stroke.width * self.camera.unit))
            cv2.polylines(painted, [points], False, color, width, cv2.LINE_AA, _SHIFT)
        else:
            cv2.fillPoly(painted, [points], color, cv2.LINE_AA, _SHIFT)
