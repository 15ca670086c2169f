"""From pixels of a picture to the plane on which a garment lies.

N: points. Units of the plane are centimetres, or pixels where nothing tells them.
"""

from dataclasses import dataclass, field, replace
from typing import Any

import cv2
import numpy as np

from .plane_fit import fit_plane

PIXELS, CENTIMETRES = 'px', 'cm'


_LEAST_ASPECT = 0.005  # relative difference at which a picture is of another shape
# The iteration that takes a distortion off: so many rounds, or so exact.
_UNTIL = (cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, 200, 1e-12)
_MOST_MISSED_PX = 0.5


class TargetError(ValueError):
    """There is nothing of known size to be found in a picture."""


class LensError(TargetError):
    """A picture has another shape than those that a lens was calibrated with."""


@dataclass(frozen=True, eq=False)
class Lens:
    """How a camera's lens bends straight lines, as a calibration of OpenCV gives it.

    Attributes:
        matrix: The camera's matrix for pictures of this size, shape (3, 3).
        distortion: OpenCV's coefficients k1, k2, p1, p2, k3, ..., shape (4, ) or more.
        size_wh: Width and height of the pictures that it is for; None where nobody
            knows. Defaults to None.
    """

    matrix: np.ndarray
    distortion: np.ndarray
    size_wh: tuple[int, int] | None = None

    def for_size(self, size_wh: tuple[int, int]) -> 'Lens':
        """The lens for pictures that were made smaller or larger as a whole.

        Args:
            size_wh: Width and height of the pictures.

        Raises:
            LensError: If they have another shape, as pictures that were cropped, or
                taken with the camera held otherwise.
        """
        if self.size_wh in (None, size_wh):
            return self
        zoom = np.divide(size_wh, self.size_wh)
        if abs(zoom[0] / zoom[1] - 1) > _LEAST_ASPECT:
            own, other = ('x'.join(map(str, each)) for each in (self.size_wh, size_wh))
            raise LensError(
                f'the lens was calibrated with pictures of {own}, and this one has '
                f'{other}; to fix it: hold the camera as in the calibration, and do '
                'not crop'
            )
        # Pixels' centres: 0 is the middle of the first one.
        resized = np.array(
            [
                [zoom[0], 0, (zoom[0] - 1) / 2],
                [0, zoom[1], (zoom[1] - 1) / 2],
                [0, 0, 1.0],
            ]
        )
        return replace(self, matrix=resized @ self.matrix, size_wh=size_wh)

    def straightened(self, points: np.ndarray) -> np.ndarray:
        """Where points (N, 2) of the picture would be without the distortion.

        NaN where the coefficients, which hold for a part of the picture, say that it
        shows nothing.
        """
        points = np.asarray(points, np.float64).reshape(-1, 2)
        # OpenCV 5 has one name for both.
        iterate: Any = getattr(cv2, 'undistortPointsIter', cv2.undistortPoints)
        straight = iterate(
            np.ascontiguousarray(points[:, None]),
            self.matrix,
            self.distortion,
            R=np.eye(3),
            P=self.matrix,
            criteria=_UNTIL,
        )[:, 0]
        missed = np.linalg.norm(self.bent(straight) - points, axis=1)
        straight[~(missed < _MOST_MISSED_PX)] = np.nan
        return straight

    def bent(self, points: np.ndarray) -> np.ndarray:
        """The inverse of :meth:`straightened`."""
        flat = np.column_stack((points, np.ones(len(points))))
        rays = flat @ np.linalg.inv(self.matrix).T
        none = np.zeros(3)
        return cv2.projectPoints(rays, none, none, self.matrix, self.distortion)[0][
            :, 0
        ]


@dataclass(frozen=True, eq=False)
class Scale:
    """A map from a picture to the plane of the garment, and how sure it is.

    Attributes:
        homography: From pixels, straightened where the lens is known, to the plane,
            shape (3, 3).
        unit: ``'cm'``, or ``'px'`` where nothing tells centimetres.
        source: What tells them, in words.
        lens: The lens, or None.
        deviations: Pairs of homographies, (D, 2, 3, 3): what it would be if one of D
            independent causes of its error were a standard deviation up or down.
        corners: What it was taken from in the picture, shape (n, 2); None for nothing.
        is_shared: Whether other pictures have the same one, with the same error.
            Defaults to False.
    """

    homography: np.ndarray
    unit: str
    source: str
    lens: Lens | None = None
    deviations: np.ndarray = field(default_factory=lambda: np.zeros((0, 2, 3, 3)))
    corners: np.ndarray | None = None
    is_shared: bool = False

    def to_plane(self, points: np.ndarray) -> np.ndarray:
        """Places in the plane of points in pixels of the picture, both (N, 2)."""
        return transform(self.straight(points), self.homography)

    def to_picture(self, places: np.ndarray) -> np.ndarray:
        """Pixels of the picture of places in the plane, both (N, 2)."""
        points = transform(places, np.linalg.inv(self.homography))
        return points if self.lens is None else self.lens.bent(points)

    def deviating(self) -> list[tuple['Scale', 'Scale']]:
        """The scale with each cause of error a standard deviation up and down."""
        return [
            (replace(self, homography=up), replace(self, homography=down))
            for up, down in self.deviations
        ]

    def straight(self, points: np.ndarray) -> np.ndarray:
        """Points (N, 2) of the picture without the distortion of the lens."""
        points = np.asarray(points, np.float64)
        return points if self.lens is None else self.lens.straightened(points)


def transform(points: np.ndarray, homography: np.ndarray) -> np.ndarray:
    """Points (N, 2) through a homography (3, 3)."""
    flat = np.ascontiguousarray(points, np.float64)[:, None]
    return cv2.perspectiveTransform(flat, homography)[:, 0]


def straightened(points: np.ndarray, what: str, lens: Lens | None) -> np.ndarray:
    """Points (N, 2) without the distortion of a lens, all of which must be seen.

    Args:
        points: Pixels of the picture.
        what: What each of them is, for the error.
        lens: The lens; None for points that stay where they are.

    Raises:
        TargetError: If the lens shows nothing where one of them is.
    """
    straight = points if lens is None else lens.straightened(points)
    if lens is not None and not np.isfinite(straight).all():
        raise TargetError(
            f'{what} lies where the lens file says that nothing is seen; to fix it: '
            'keep nearer to the middle of the picture, or calibrate the lens with '
            'pictures of a board in its corners, too'
        )
    return straight


def in_pixels(lens: Lens | None = None) -> Scale:
    """The scale of a picture that nothing else is known of: its own pixels."""
    return Scale(np.eye(3), PIXELS, 'the pixels of the picture', lens)


def pixels_per_cm(value: float, error: float = 0.0, lens: Lens | None = None) -> Scale:
    """A scale that somebody knows, of a picture taken from straight above.

    Args:
        value: Pixels of a centimetre.
        error: Its standard deviation, in the same unit. Defaults to 0.
        lens: The lens. Defaults to None.

    Raises:
        ValueError: If the value is not positive, or the error is not less than it.
    """
    if not 0 < value < np.inf or not 0 <= error < value:
        raise ValueError(
            f'{value:g} pixels per cm with an error of {error:g}: the first must be '
            'positive and the error at least 0 and less than it'
        )
    pairs = [[_zoom(1 / (value + error)), _zoom(1 / (value - error))]] if error else []
    deviations = np.array(pairs).reshape(-1, 2, 3, 3)
    source = f'{value:g} pixels per cm'
    return Scale(_zoom(1 / value), CENTIMETRES, source, lens, deviations)


def known_length(
    ends: np.ndarray, length: float, point_error: float = 1.0, lens: Lens | None = None
) -> Scale:
    """The scale by a length between two points, of a picture taken from straight above.

    Args:
        ends: Both points in pixels of the picture, shape (2, 2).
        length: Centimetres between them.
        point_error: Standard deviation of each point in x and in y, in pixels.
            Defaults to 1.
        lens: The lens. Defaults to None.

    Raises:
        TargetError: If an end lies where the lens shows nothing.
        ValueError: If the length is not positive, or the points are too near for their
            error.
    """
    ends = np.asarray(ends, np.float64)
    straight = straightened(ends, 'an end of the known length', lens)
    pixels = float(np.linalg.norm(straight[1] - straight[0]))
    if not 0 < length < np.inf:
        raise ValueError(f'a length of {length:g} cm is not positive')
    error = np.sqrt(2) * point_error
    if not pixels > 2 * error:
        raise ValueError(
            f'the ends of the known length are {pixels:.1f} px apart, which points '
            f'that are off by {point_error:g} px do not tell; to fix it: give a longer '
            'length'
        )
    scale = pixels_per_cm(pixels / length, error / length, lens)
    source = f'{length:g} cm between two points'
    return replace(scale, source=source, corners=ends)


def from_corners(
    corners: np.ndarray,
    places: np.ndarray,
    covariances: np.ndarray,
    size_wh: tuple[int, int],
    source: str,
    lens: Lens | None = None,
    together: np.ndarray | None = None,
) -> Scale:
    """The scale by points whose places in the plane are known; it removes perspective.

    n: points, 4 or more, of which no three are on a line.

    Args:
        corners: Pixels of the picture, shape (n, 2).
        places: Centimetres, shape (n, 2).
        covariances: Of the corners, in pixels, shape (n, 2, 2).
        size_wh: Width and height of the picture.
        source: What they are, in words.
        lens: The lens. Defaults to None.
        together: How far a standard deviation of what moves all of them together moves
            each, in pixels, shape (n, 2). Defaults to None, nothing.

    Raises:
        TargetError: If the points tell no plane, or one of them lies where the lens
            shows nothing.
    """
    corners = np.asarray(corners, np.float64)
    straight = straightened(corners, f'a corner of {source}', lens)
    fit = fit_plane(straight, places, covariances, size_wh, together)
    if fit is None:
        raise TargetError(
            f'the corners of {source} tell no plane; to fix it: take the picture from '
            'above, with the whole of it to be seen'
        )
    return Scale(fit.homography, CENTIMETRES, source, lens, fit.deviations, corners)


def _zoom(factor: float) -> np.ndarray:
    return np.diag((factor, factor, 1.0))
