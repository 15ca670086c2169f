"""Planar curves: the dense outlines of everything that is drawn.

Points are float arrays (N, 2), x to the right and y down. Outlines are closed;
their last point joins the first.
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import accumulate

import numpy as np

_SAMPLES = 12
# Shares of a segment's way, and what its ends and control points weigh there.
_WAY = np.linspace(0, 1, _SAMPLES + 1)[1:, None]
_BEZIER = np.stack(
    [
        (1 - _WAY) ** 3,
        3 * (1 - _WAY) ** 2 * _WAY,
        3 * (1 - _WAY) * _WAY**2,
        _WAY**3,
    ]
)
_COUNT = np.arange(32.0)[:, None]


def point(x: float, y: float) -> np.ndarray:
    """A point, (2,)."""
    return np.array([x, y], dtype=np.float64)


def sent(
    function: Callable[[np.ndarray], np.ndarray], lines: Iterable[np.ndarray | None]
) -> Iterator[np.ndarray | None]:
    """Many lines (N, 2), sent through a function of points all at once.

    Yields:
        np.ndarray | None: Line by line in their order, None for None.
    """
    lines = list(lines)
    known = [line for line in lines if line is not None]
    moved = function(np.concatenate(known)) if known else None
    start = 0
    for line in lines:
        if line is None:
            yield None
        else:
            yield moved[start : start + len(line)]
            start += len(line)


def lerp(a: np.ndarray, b: np.ndarray, t: float) -> np.ndarray:
    """The point at fraction ``t`` of the way from ``a`` to ``b``."""
    return a + (b - a) * t


@dataclass(frozen=True)
class Piece:
    """One simple closed outline with named anchors on it.

    Attributes:
        outline: (N, 2) vertices.
        anchors: Name to the index of a vertex.
        frame: (4, 2) corners of the cloth's own rectangle, top left, top right,
            bottom right, bottom left: how pattern and folds lie on the piece.
    """

    outline: np.ndarray
    anchors: dict[str, int] = field(default_factory=dict)
    frame: np.ndarray | None = None

    @property
    def lines(self) -> tuple[np.ndarray, np.ndarray | None]:
        """Its outline and its frame."""
        return self.outline, self.frame

    def moved(self, lines: Iterator[np.ndarray | None]) -> Piece:
        """The piece with other :attr:`lines`, the next two."""
        return Piece(next(lines), self.anchors, next(lines))

    def mapped(self, function) -> Piece:
        """The piece with all its points sent through ``function``."""
        return self.moved(sent(function, self.lines))

    def between(self, first: str, last: str) -> np.ndarray:
        """(N, 2) vertices from one anchor to another, without passing vertex 0.

        Where two paths met, the outline holds their common end twice; the answer
        holds it once.
        """
        start, stop = self.anchors[first], self.anchors[last]
        run = self.outline[min(start, stop) : max(start, stop) + 1]
        moves = (run[1:] != run[:-1]).any(1)
        if not moves.all():
            run = np.concatenate([run[:1], run[1:][moves]])
        return run if start <= stop else run[::-1]


class Pen:
    """Draws an outline segment by segment.

    Args:
        start: (2,) first vertex.
        name: Anchor name of the first vertex, if it has one.
    """

    def __init__(self, start: np.ndarray, name: str | None = None) -> None:
        self._chunks = [np.asarray(start, dtype=np.float64)[None]]
        self._count = 1
        self._anchors: dict[str, int] = {}
        self._name(name)

    def _name(self, name: str | None) -> None:
        if name is not None:
            self._anchors[name] = self._count - 1

    def _add(self, points: np.ndarray, name: str | None) -> Pen:
        self._chunks.append(points)
        self._count += len(points)
        self._name(name)
        return self

    @property
    def tip(self) -> np.ndarray:
        """(2,) the vertex drawn last."""
        return self._chunks[-1][-1]

    @property
    def drawn(self) -> np.ndarray:
        """(N, 2) all vertices so far."""
        return np.concatenate(self._chunks)

    def line(self, end: np.ndarray, name: str | None = None) -> Pen:
        """A straight segment, dense so that later warps can bend it."""
        return self._add(self.tip + (end - self.tip) * _WAY, name)

    def curve(
        self, c1: np.ndarray, c2: np.ndarray, end: np.ndarray, name: str | None = None
    ) -> Pen:
        """A cubic Bezier segment with control points ``c1`` and ``c2``."""
        weighed = _BEZIER * np.array([self.tip, c1, c2, end])[:, None]
        return self._add(np.add.reduce(weighed), name)

    def through(self, points: np.ndarray, name: str | None = None) -> Pen:
        """Straight to each of ``points`` (N, 2); ``name`` is the last one's."""
        return self._add(np.asarray(points, dtype=np.float64), name)

    def follow(self, path: Piece) -> Pen:
        """Along another open path, with its anchors."""
        first = self._count
        self._add(path.outline, None)
        self._anchors |= {name: first + i for name, i in path.anchors.items()}
        return self

    def retrace(self, path: Piece) -> Pen:
        """Along another open path from its end back to its start, with its anchors."""
        last = self._count + len(path.outline) - 1
        self._add(path.outline[::-1], None)
        self._anchors |= {name: last - i for name, i in path.anchors.items()}
        return self

    def piece(self, frame: np.ndarray | None = None) -> Piece:
        """The closed outline; without a frame, that of its bounding box."""
        outline = self.drawn
        return Piece(outline, self._anchors, box(outline) if frame is None else frame)

    def path(self) -> Piece:
        """The open path so far, which no cloth lies on."""
        return Piece(self.drawn, self._anchors)


def centroid(points: np.ndarray) -> np.ndarray:
    """(2,) the mean of points (N, 2)."""
    return np.add.reduce(points) / len(points)


def box(points: np.ndarray) -> np.ndarray:
    """(4, 2) corners of the bounding box, clockwise from the top left."""
    x0, y0 = np.minimum.reduce(points).tolist()
    x1, y1 = np.maximum.reduce(points).tolist()
    return np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]])


def ramp(start: float, stop: float, num: int) -> np.ndarray:
    """(num, 1) even steps from one number to another, up to 32 of them."""
    steps = _COUNT[:num] * ((stop - start) / (num - 1)) + start
    steps[-1] = stop
    return steps


@lru_cache
def _circle(num: int) -> np.ndarray:
    """(num, 2) points of the unit circle."""
    t = np.linspace(0, 2 * np.pi, num, endpoint=False)
    return np.stack([np.cos(t), np.sin(t)], axis=1)


def ellipse(center: np.ndarray, rx: float, ry: float, num: int = 28) -> np.ndarray:
    """(num, 2) outline of an ellipse."""
    return center + _circle(num) * point(rx, ry)


def ribbon(center: np.ndarray, half_width: np.ndarray | float) -> np.ndarray:
    """Outlines (..., 2N, 2) of ribbons along ``center`` (..., N, 2), ``half_width`` to
    each side, one number or (..., N)."""
    way = np.empty(center.shape)
    way[..., 0, :] = center[..., 1, :] - center[..., 0, :]
    way[..., -1, :] = center[..., -1, :] - center[..., -2, :]
    way[..., 1:-1, :] = (center[..., 2:, :] - center[..., :-2, :]) / 2
    dx, dy = way[..., 0], way[..., 1]
    length = np.maximum(np.sqrt(dx * dx + dy * dy), 1e-9)
    offset = np.empty(center.shape)
    offset[..., 0], offset[..., 1] = -dy / length * half_width, dx / length * half_width
    back = (center - offset)[..., ::-1, :]
    return np.concatenate([center + offset, back], axis=-2)


def smooth_step(t: np.ndarray | float) -> np.ndarray | float:
    """0 below 0, 1 above 1, smooth between."""
    t = np.minimum(np.maximum(t, 0), 1)
    return t * t * (3 - 2 * t)


def crossing(a: np.ndarray, b: np.ndarray) -> tuple[int, int, np.ndarray] | None:
    """Where the open path ``a`` (N, 2) first crosses the open path ``b`` (M, 2).

    Returns:
        tuple: Numbers of the segments of ``a`` and ``b`` that cross and the point
        (2,); None where they do not.
    """
    (ux, uy), (vx, vy) = (a[1:] - a[:-1]).T[..., None], (b[1:] - b[:-1]).T[:, None]
    dx, dy = b.T[:, None, :-1] - a.T[:, :-1, None]  # (N - 1, M - 1) each
    turn = ux * vy - uy * vx
    safe = np.where(turn == 0, 1.0, turn)
    s, t = (dx * vy - dy * vx) / safe, (dx * uy - dy * ux) / safe
    hits = (turn != 0) & (s >= 0) & (s <= 1) & (t >= 0) & (t <= 1)
    i, j = divmod(int(hits.argmax()), hits.shape[1])
    if not hits[i, j]:
        return None
    return i, j, a[i] + s[i, j] * (a[i + 1] - a[i])


def _steps(line: np.ndarray) -> np.ndarray:
    """(N - 1,) distances of neighbours on a line (N, 2)."""
    dx, dy = (line[1:] - line[:-1]).T
    return np.sqrt(dx * dx + dy * dy)


def along(
    lines: list[np.ndarray], fractions: Sequence[float]
) -> tuple[list[int], np.ndarray]:
    """Points at fractions of the length of several paths, one after the other.

    K: number of fractions.

    Args:
        lines: Paths (N, 2); a gap between two of them has no length.
        fractions: 0 for the start of the first path to 1 for the end of the last one.

    Returns:
        tuple: K numbers of the paths and the points (K, 2) on them.
    """
    if not lines:
        raise ValueError('no path to go along')
    steps = [_steps(line) for line in lines]
    lengths = [float(step.sum()) for step in steps]
    # Few points of short paths: numpy's interpolation takes twice as long.
    places = [[0.0, *accumulate(step.tolist())] for step in steps]
    numbers, spots, reach = [], [], sum(lengths)
    for fraction in fractions:
        number, rest = 0, fraction * reach
        while number < len(lines) - 1 and rest > lengths[number]:
            rest -= lengths[number]
            number += 1
        line, way = lines[number], places[number]
        last = bisect(way, rest) - 1
        x, y = line[last].tolist()
        if last < len(way) - 1 and rest > way[last]:
            part, whole = rest - way[last], way[last + 1] - way[last]
            next_x, next_y = line[last + 1].tolist()
            x, y = (next_x - x) / whole * part + x, (next_y - y) / whole * part + y
        numbers.append(number)
        spots.append((x, y))
    return numbers, np.array(spots)
