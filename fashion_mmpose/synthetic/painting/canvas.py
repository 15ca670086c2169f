"""A picture that is painted back to front and remembers what covers what."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from .curves import Piece
from .masks import Painted, parsing_map
from .parsing import Parsing
from .surfaces import palette
from .surfaces.fabric import Cloth
from .surfaces.palette import Color
from .surfaces.relief import slopes

_SHIFT = 4  # fractional bits of the coordinates that OpenCV draws
_COARSE = 4  # light is computed on every fourth pixel


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

    def mapped(self, function) -> Stroke:
        """The stroke with all its points sent through ``function``."""
        return replace(self, points=function(self.points))


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

    def mapped(self, function) -> Layer:
        """The layer with all its points sent through ``function``."""
        return replace(
            self,
            pieces=tuple(piece.mapped(function) for piece in self.pieces),
            strokes=tuple(stroke.mapped(function) for stroke in self.strokes),
        )


def _fixed(points: np.ndarray) -> np.ndarray:
    return np.round(points * (1 << _SHIFT)).astype(np.int32)


def _soften(mask: np.ndarray, sigma: float) -> np.ndarray:
    """Nearly a Gaussian blur, by two box filters of that variance together."""
    size = max(1, round(np.sqrt(6 * sigma**2 + 1)))
    return cv2.blur(cv2.blur(mask, (size, size)), (size, size))


def _lay_over(below: np.ndarray, above: np.ndarray, mask: np.ndarray) -> None:
    """Paints (h, w, 3) over what lies below, in place, as far as a mask (h, w) goes."""
    # Only on the mask's soft edge do both show.
    edge = np.flatnonzero(cv2.inRange(mask, 1, 254) > 0)
    place = np.divmod(edge, mask.shape[1])
    behind = below[place][None]
    cv2.copyTo(above, mask, below)
    if len(edge) > 0:
        own = above.reshape(-1, 3).take(edge, axis=0)[None]
        weight = mask.take(edge)[None].astype(np.float32) * np.float32(1 / 255)
        below[place] = cv2.blendLinear(own, behind, weight, 1 - weight)[0]


class Canvas:
    """The picture while it is painted.

    Args:
        image: (H, W, 3) uint8 background; painted over in place.
        camera: Maps scene units to pixels.
        light: (2,) unit vector in the picture, towards the light.
        rng: Source of the folds.

    Attributes:
        image: The picture.
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
        self.image = image
        self.camera = camera
        self._light = light
        self._rng = rng
        # How dark edges, how deep shadows and how strong creases are in this picture.
        self._rim = max(0.0, rng.uniform(-0.15, 0.3))
        self._shadow = rng.uniform(0.2, 1.3)
        self._crease = rng.uniform(0.05, 0.3)
        self.stack: list[Painted] = []

    @property
    def parsing(self) -> np.ndarray:
        """(H, W) uint8, what each pixel shows: a :class:`Parsing`."""
        return parsing_map(self.stack, self.image.shape[1::-1])

    def draw(self, layer: Layer) -> None:
        """Paints a layer over everything painted before."""
        outlines = [self.camera.project(piece.outline) for piece in layer.pieces]
        window = self._window(np.concatenate(outlines), 2)
        if window is None:
            return
        x0, y0, x1, y1 = window
        mask = np.zeros((y1 - y0, x1 - x0), np.uint8)
        fixed = [_fixed(outline - (x0, y0)) for outline in outlines]
        for outline in fixed:
            cv2.fillPoly(mask, [outline], 255, cv2.LINE_AA, _SHIFT)
        details = self._details(layer.strokes, mask.shape, (x0, y0))
        self.stack.append(
            Painted(
                *(layer.part, layer.hides, x0, y0, mask),
                *(layer.garment, layer.parsing, details),
            )
        )
        if layer.shadow > 0:
            self._cast(np.concatenate(outlines), outlines, layer.shadow * self._shadow)

        region = self.image[y0:y1, x0:x1]
        painted = self._cloth(layer, fixed, mask, (x0, y0))
        for stroke in layer.strokes:
            self._stroke(painted, stroke, (x0, y0))
        shade = self._shade(layer, mask, (x0, y0))
        painted = cv2.multiply(painted, cv2.merge([shade] * 3), scale=1 / 160)
        _lay_over(region, painted, mask)

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
        return any(
            row.covers(point, margin if same(row) else 0)
            for row in self.stack[first + 1 :]
            if row.hides
        )

    def _window(self, points: np.ndarray, margin: int):
        """Bounding box (x0, y0, x1, y1) in whole pixels, None outside the picture."""
        height, width = self.image.shape[:2]
        low = np.floor(points.min(0)).astype(int) - margin
        high = np.ceil(points.max(0)).astype(int) + margin + 1
        x0, y0 = np.maximum(low, 0)
        x1, y1 = np.minimum(high, (width, height))
        return None if x1 <= x0 or y1 <= y0 else (int(x0), int(y0), int(x1), int(y1))

    def _cast(self, points: np.ndarray, outlines, strength: float) -> None:
        """Darkens what lies around the outlines, away from the light."""
        reach = 0.1 * self.camera.unit
        window = self._window(points, int(2.5 * reach) + 2)
        x0, y0, x1, y1 = window
        size = (-(-(x1 - x0) // _COARSE), -(-(y1 - y0) // _COARSE))
        coarse = np.zeros(size[::-1], np.uint8)
        origin = np.array([x0, y0]) + self._light * reach * 0.4
        for outline in outlines:
            cv2.fillPoly(coarse, [_fixed((outline - origin) / _COARSE)], 255, 8, _SHIFT)
        coarse = _soften(coarse, 0.6 * reach / _COARSE)
        coarse = (255 - coarse * strength).astype(np.uint8)
        full = cv2.resize(coarse, (x1 - x0, y1 - y0))
        region = self.image[y0:y1, x0:x1]
        cv2.multiply(region, cv2.merge([full] * 3), dst=region, scale=1 / 255)

    def _cloth(self, layer: Layer, fixed, mask, origin) -> np.ndarray:
        """The material's own colours on the layer's window."""
        cloth = layer.cloth
        painted = palette.filled(mask.shape[::-1], cloth.color)
        if len(cloth.tile) <= 8:
            return painted
        for number, (piece, outline) in enumerate(zip(layer.pieces, fixed)):
            # Each piece is laid on its own bounding box only.
            x, y, w, h = cv2.boundingRect(outline)
            x0, y0 = max(0, (x >> _SHIFT) - 2), max(0, (y >> _SHIFT) - 2)
            x1 = min(mask.shape[1], ((x + w) >> _SHIFT) + 3)
            y1 = min(mask.shape[0], ((y + h) >> _SHIFT) + 3)
            if x1 <= x0 or y1 <= y0:
                continue
            matrix = self._lay(
                piece.frame, cloth.pixels, (origin[0] + x0, origin[1] + y0)
            )
            warped = cloth.laid(matrix, (x1 - x0, y1 - y0))
            region = painted[y0:y1, x0:x1]
            if number == 0:
                region[:] = warped
            else:
                own = np.zeros(region.shape[:2], np.uint8)
                shift = (x0 << _SHIFT, y0 << _SHIFT)
                cv2.fillPoly(own, [outline - shift], 255, cv2.LINE_AA, _SHIFT)
                cv2.copyTo(warped, own, region)
        return painted

    def _lay(self, frame: np.ndarray, pixels: float, origin) -> np.ndarray:
        """(3, 3) from a tile's pixels to the window's for a piece's frame (4, 2)."""
        top, right, bottom, left = np.linalg.norm(
            np.roll(frame, -1, axis=0) - frame, axis=1
        )
        w, h = pixels * (top + bottom) / 2, pixels * (left + right) / 2
        flat = np.array([[0, 0], [w, 0], [w, h], [0, h]], np.float32)
        target = (self.camera.project(frame) - origin).astype(np.float32)
        return cv2.getPerspectiveTransform(flat, target)

    def _shade(self, layer: Layer, mask: np.ndarray, origin) -> np.ndarray:
        """(h, w) uint8 brightness, 160 is neutral: roundness, folds and a rim."""
        height, width = mask.shape
        size = (max(1, width // _COARSE), max(1, height // _COARSE))
        coarse = cv2.resize(mask, size, interpolation=cv2.INTER_AREA)
        sigma = max(0.8, 0.13 * self.camera.unit / _COARSE)
        soft = _soften(coarse, sigma).astype(np.float32) / 255
        dx, dy = self._light * sigma * 0.9
        move = np.array([[1, 0, dx], [0, 1, dy]], np.float32)
        lit = cv2.warpAffine(soft, move, size, borderMode=cv2.BORDER_REPLICATE)
        light = 0.7 + 0.3 * soft - 0.4 * (lit - soft)
        if layer.cloth.relief > 0:
            light += layer.cloth.relief * self._folds(
                layer.pieces[-1].frame, size, origin
            )
            light += layer.cloth.relief * self._creases(layer, size)
        light = np.clip(light, 0.4, 1.3) * layer.shade * 160
        full = cv2.resize(light.astype(np.uint8), (width, height))
        rim = cv2.subtract(mask, cv2.erode(mask, np.ones((3, 3), np.uint8)))
        return cv2.subtract(full, cv2.multiply(rim, full, scale=self._rim / 255))

    def _folds(self, frame: np.ndarray, size, origin) -> np.ndarray:
        """Soft ridges along a piece's frame, on the coarse window."""
        across, along = int(self._rng.integers(5, 13)), int(self._rng.integers(2, 4))
        noise = self._rng.normal(0, 0.07, (along, across)).astype(np.float32)
        ridges = cv2.resize(noise, (64, 64), interpolation=cv2.INTER_CUBIC)
        # Ridges catch the light on one side: the slope, not the height, is seen.
        ridges = 0.5 * ridges + 0.9 * cv2.Sobel(ridges, -1, 1, 0, ksize=3)
        flat = np.array([[0, 0], [64, 0], [64, 64], [0, 64]], np.float32)
        target = ((self.camera.project(frame) - origin) / _COARSE).astype(np.float32)
        matrix = cv2.getPerspectiveTransform(flat, target)
        return cv2.warpPerspective(ridges, matrix, size, borderMode=cv2.BORDER_REFLECT)

    def _creases(self, layer: Layer, size: tuple[int, int]) -> np.ndarray:
        """Creases of the cloth on the coarse window, along the way it hangs."""
        top_left, top_right, bottom_right, bottom_left = self.camera.project(
            layer.pieces[-1].frame
        )
        dx, dy = (bottom_left + bottom_right - top_left - top_right) / 2
        unit = self.camera.unit / _COARSE
        down = float(np.arctan2(dx, max(dy, 1e-6)))
        return self._crease * slopes(self._rng, size, unit, down, self._light)

    def _details(self, strokes, shape, origin) -> tuple:
        """Those of the strokes that show something else than their layer, as masks."""
        details = []
        for stroke in strokes:
            if stroke.parsing is not None:
                inside = np.zeros(shape, np.uint8)
                self._stroke(inside, replace(stroke, color=(255, 255, 255)), origin)
                details.append((stroke.parsing, inside))
        return tuple(details)

    def _stroke(self, painted: np.ndarray, stroke: Stroke, origin) -> None:
        points = _fixed(self.camera.project(stroke.points) - origin)
        if stroke.width:
            width = max(1, round(stroke.width * self.camera.unit))
            cv2.polylines(
                painted, [points], False, stroke.color, width, cv2.LINE_AA, _SHIFT
            )
        else:
            cv2.fillPoly(painted, [points], stroke.color, cv2.LINE_AA, _SHIFT)
