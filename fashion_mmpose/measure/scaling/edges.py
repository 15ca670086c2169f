"""Corners of a quadrilateral from its four edges, to a fraction of a pixel.

A corner itself is a few pixels; an edge is hundreds. A line is fitted to each edge, the
corners are where lines cross, and how far the edge's pixels lie from the line tells how
sure the corners are.

What a line's scatter does not tell is that a camera's tone curve, or too much light,
moves all edges alike: the blurred border between black and white seems to lie nearer to
the black. By how much depends on the blur.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from .scale import Lens

_MARGIN = 0.1  # share of an edge at each end that is left out: corners are rounded
_SPACING = 2.0  # pixels between the places where an edge is looked at
_STEP = 0.25  # pixels between the samples across an edge
_FEWEST = 8  # places of an edge that must be on a line
# Of every line, in pixels: what its own scatter does not show.
_HIDDEN_ERROR = 0.05
# How far all edges together may seem to be moved, over the width of their blur.
_GROWTH = 0.25


@dataclass(frozen=True, eq=False)
class Corners:
    """Four corners, in pixels of the straightened picture.

    Attributes:
        points: Shape (4, 2).
        covariances: Of each, independent of the others, shape (4, 2, 2).
        outward: Where each goes while all edges move outward by a standard deviation of
            what moves them together, shape (4, 2).
        blur: Width of the edges, a standard deviation in pixels.
        evenness: How steep the weakest edge is, over the strongest one.
    """

    points: np.ndarray
    covariances: np.ndarray
    outward: np.ndarray
    blur: float
    evenness: float


@dataclass(frozen=True, eq=False)
class _Line:
    """Points p with ``normal @ p == offset``; the normal points outward."""

    normal: np.ndarray
    offset: float
    centre: np.ndarray
    variances: tuple[float, float]  # of the offset, and of that per square pixel along
    blur: float
    strength: float  # grey levels a pixel, where it is steepest

    def variance(self, spot: np.ndarray) -> float:
        """How sure the line is at a point (2, ) of it, across it, in square pixels."""
        along = self.normal[::-1] * (1, -1) @ (spot - self.centre)
        at_centre, per_pixel = self.variances
        return float(at_centre + per_pixel * along**2 + _HIDDEN_ERROR**2)


def refine_corners(
    gray: np.ndarray, corners: np.ndarray, reach: float, lens: Lens | None = None
) -> Corners | None:
    """The corners of a dark or bright quadrilateral.

    Args:
        gray: The picture, shape (H, W), uint8.
        corners: Where they are about, in order around it, pixels, shape (4, 2).
        reach: So many pixels may the edges be away.
        lens: The lens, whose bending is taken off before lines are fitted.

    Returns:
        Corners | None: None where an edge is not seen along most of its length.
    """
    first = _corners(gray, corners, reach, lens)
    if first is None:
        return None
    # Once more from there, and only near: at first an edge may have been out of reach.
    near = first.points if lens is None else lens.bent(first.points)
    return _corners(gray, near, min(reach, 2 + 3 * first.blur), lens)


def _corners(
    gray: np.ndarray, corners: np.ndarray, reach: float, lens: Lens | None
) -> Corners | None:
    middle = corners.mean(axis=0)
    straight = corners if lens is None else lens.straightened(corners)
    lines = []
    for start, end in zip(corners, np.roll(corners, -1, axis=0)):
        line = _line(gray, start, end, middle, reach, lens)
        if line is None:
            return None
        lines.append(line)
    points, covariances, outward = [], [], []
    for i in range(4):
        # Corner i is where the edge that comes to it crosses the one that leaves it.
        pair = lines[i - 1], lines[i]
        normals = np.stack([line.normal for line in pair])
        if abs(np.linalg.det(normals)) < 0.05:
            return None
        inverse = np.linalg.inv(normals)
        spot = inverse @ [line.offset for line in pair]
        if np.linalg.norm(spot - straight[i]) > 3 * reach:
            return None
        variances = [line.variance(spot) for line in pair]
        points.append(spot)
        covariances.append(inverse @ np.diag(variances) @ inverse.T)
        outward.append(inverse @ [_GROWTH * line.blur for line in pair])
    return Corners(
        np.array(points),
        np.array(covariances),
        np.array(outward),
        float(np.mean([line.blur for line in lines])),
        min(line.strength for line in lines) / max(line.strength for line in lines),
    )


def _line(
    gray: np.ndarray,
    start: np.ndarray,
    end: np.ndarray,
    middle: np.ndarray,
    reach: float,
    lens: Lens | None,
) -> _Line | None:
    """The line of the edge between two corners of a quadrilateral around a point."""
    along = end - start
    length = float(np.linalg.norm(along))
    num = int(length * (1 - 2 * _MARGIN) / _SPACING)
    if num < _FEWEST:
        return None
    normal = np.array([-along[1], along[0]]) / length
    normal *= np.sign(normal @ (start - middle)) or 1.0
    t = np.linspace(_MARGIN, 1 - _MARGIN, num)[:, None]
    places = start + t * along
    across = np.arange(-reach, reach + _STEP / 2, _STEP)
    grid = (places[:, None] + across[None, :, None] * normal).astype(np.float32)
    profile = cv2.remap(
        gray,
        grid[..., 0],
        grid[..., 1],
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    ).astype(np.float64)
    rise = np.gradient(cv2.GaussianBlur(profile, (0, 0), 2, sigmaY=0.01), axis=1)
    # The edge goes the same way, bright to dark or dark to bright, all along.
    sign = 1.0 if np.abs(rise.max(1)).mean() >= np.abs(rise.min(1)).mean() else -1.0
    rise = np.maximum(sign * rise, 0)
    peak = rise.argmax(axis=1)
    height = rise[np.arange(num), peak]
    near = np.abs(across[None] - across[peak][:, None]) <= 2.0
    weights = np.where(near, rise, 0.0)
    total = np.maximum(weights.sum(axis=1), 1e-9)
    shifts = (weights * across).sum(axis=1) / total
    blur = np.sqrt((weights * (across - shifts[:, None]) ** 2).sum(axis=1) / total)
    spots = places + shifts[:, None] * normal
    # An edge that is highest where one stops to look lies further out.
    seen = (height > 0.3 * np.median(height)) & (np.abs(across[peak]) < reach - _STEP)
    if lens is not None:
        spots = lens.straightened(spots)
    return _fitted(
        spots, seen, normal, float(np.median(blur)), float(np.median(height))
    )


def _fitted(
    spots: np.ndarray,
    seen: np.ndarray,
    outside: np.ndarray,
    blur: float,
    strength: float,
) -> _Line | None:
    """A line through most of the spots (m, 2) that are seen; None for too few."""
    fewest = max(_FEWEST, 0.5 * len(spots))
    if seen.sum() < fewest:
        return None
    # What does not belong to the edge must not turn the first line.
    vx, vy, x, y = cv2.fitLine(
        spots[seen].astype(np.float32), cv2.DIST_WELSCH, 0, 0.01, 0.01
    ).ravel()
    rest = (spots - (x, y)) @ (-vy, vx)
    for _ in range(4):
        scatter = 1.4826 * np.median(np.abs(rest[seen]))
        kept = np.abs(rest) <= 3 * max(scatter, 0.05)
        if kept.sum() < fewest:
            return None
        centre = spots[kept].mean(axis=0)
        _, _, (tangent, normal) = np.linalg.svd(spots[kept] - centre)
        rest = (spots - centre) @ normal
        seen = kept
    run = (spots[seen] - centre) @ tangent
    noise = float(rest[seen] @ rest[seen]) / max(seen.sum() - 2, 1)
    # Neighbours err alike where the picture was enlarged, or its edges are stairs.
    off = rest[seen]
    likeness = float(off[:-1] @ off[1:] / max(off @ off, 1e-12))
    noise *= (1 + np.clip(likeness, 0, 0.98)) / (1 - np.clip(likeness, 0, 0.98))
    variances = noise / float(seen.sum()), noise / max(float(run @ run), 1e-9)
    normal = normal * np.sign(normal @ outside)
    return _Line(normal, float(normal @ centre), centre, variances, blur, strength)
