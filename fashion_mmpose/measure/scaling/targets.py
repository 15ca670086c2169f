"""Things of known size in a picture: markers, boards and sheets of paper.

Found with OpenCV, each tells the plane on which it lies: its scale and the perspective
in which the camera sees it.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from fashion_mmpose.errors import FormatError
from fashion_mmpose.files.pictures.pixels import as_bgr

from .edges import Corners, refine_corners
from .plane_fit import tell_plane
from .scale import Lens, Scale, TargetError, from_corners, straightened
from .sheets import find_sheet

# Centimetres, the short side first.
SHEETS = {
    'a3': (29.7, 42.0),
    'a4': (21.0, 29.7),
    'a5': (14.8, 21.0),
    'letter': (21.59, 27.94),
    'legal': (21.59, 35.56),
    'card': (5.398, 8.56),
}
DICTIONARY = '4X4_50'
_LEAST_CORNERS = 6  # of a board
_LEAST_ERROR = 0.05  # pixels, of a board's corner


@dataclass(frozen=True)
class Marker:
    """A square ArUco marker.

    Attributes:
        side: Centimetres of the black square's side.
        dictionary: OpenCV's name of its dictionary, ``DICT_4X4_50`` without
            ``DICT_``. Defaults to that.
        number: Its number; None for any. Defaults to None.
    """

    side: float
    dictionary: str = DICTIONARY
    number: int | None = None

    def find(self, image: np.ndarray, lens: Lens | None = None) -> Scale:
        """The scale by the marker, the largest of several; see :func:`find_scale`."""
        gray = _gray(image)
        parameters = cv2.aruco.DetectorParameters()
        parameters.cornerRefinementMethod = cv2.aruco.CORNER_REFINE_SUBPIX
        detector = cv2.aruco.ArucoDetector(_dictionary(self.dictionary), parameters)
        quads, numbers, _ = detector.detectMarkers(gray)
        wanted = [
            np.asarray(quad, np.float64).reshape(4, 2)
            for quad, number in zip(quads, [] if numbers is None else numbers.ravel())
            if self.number in (None, number)
        ]
        if not wanted:
            which = '' if self.number is None else f' with the number {self.number}'
            raise TargetError(
                f'there is no ArUco marker of {self.dictionary}{which}; to fix it: '
                'leave the white border around it uncovered, and let it have 40 pixels '
                'or more a side'
            )
        corners = max(wanted, key=_area)
        places = self.side * np.array([(0, 0), (1, 0), (1, 1), (0, 1)], np.float64)
        return _by_quad(gray, corners, places, f'a marker of {self.side:g} cm', lens)

    @property
    def size(self) -> tuple[float, float]:
        """Width and height, the white border included, in centimetres."""
        side = self.side + 2 * self.border
        return side, side

    @property
    def border(self) -> float:
        """Centimetres of the white border around it, as wide as one of its cells."""
        return self.side / (_dictionary(self.dictionary).markerSize + 2)

    def draw(self, pixels: int) -> np.ndarray:
        """The marker with its border, to be printed.

        Args:
            pixels: Pixels of a cell.

        Returns:
            np.ndarray: Shape (H, W), uint8.
        """
        dictionary = _dictionary(self.dictionary)
        side = pixels * (dictionary.markerSize + 2)
        black = cv2.aruco.generateImageMarker(dictionary, self.number or 0, side)
        return np.pad(black, pixels, constant_values=255)


@dataclass(frozen=True)
class Board:
    """A ChArUco board: a chessboard with markers in its white squares.

    Attributes:
        columns: Squares a row, at least 3.
        rows: Rows of squares, at least 3; at least 4 where there are 3 columns.
        square: Centimetres of a square's side.
        marker: Centimetres of a marker's side.
        dictionary: As of :class:`Marker`.
    """

    columns: int
    rows: int
    square: float
    marker: float
    dictionary: str = DICTIONARY

    def check(self) -> None:
        """Make sure that there is such a board.

        Raises:
            FormatError: If there is no such dictionary.
            ValueError: If it has fewer markers than the board, or the lengths and
                numbers are those of no board.
        """
        inner = self.columns - 1, self.rows - 1
        if min(inner) < 2 or inner[0] * inner[1] < _LEAST_CORNERS:
            raise ValueError(
                f'a board of {self.columns}x{self.rows} squares has too few inner '
                'corners to tell a plane; to fix it: take at least 3 x 4 squares'
            )
        if not 0 < self.marker < self.square:
            raise ValueError(
                f'markers of {self.marker:g} cm do not fit into squares of '
                f'{self.square:g} cm'
            )
        there = len(_dictionary(self.dictionary).bytesList)
        needed = self.columns * self.rows // 2
        if needed > there:
            raise ValueError(
                f'a board of {self.columns}x{self.rows} squares has {needed} markers, '
                f'and {self.dictionary} has {there}; to fix it: take a larger '
                'dictionary, such as 4X4_1000'
            )

    def corners(self, image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The inner corners that are seen.

        Args:
            image: BGR, uint8, shape (H, W, 3).

        Returns:
            tuple: Pixels of the picture, and centimetres on the board, both (n, 2).

        Raises:
            FormatError: See :meth:`check`.
            TargetError: If they are fewer than six.
            ValueError: See :meth:`check`.
        """
        board = self._board()
        found, ids, _, _ = cv2.aruco.CharucoDetector(board).detectBoard(_gray(image))
        if ids is None or len(ids) < _LEAST_CORNERS:
            raise TargetError(
                f'{0 if ids is None else len(ids)} inner corners of the '
                f'{self.columns}x{self.rows} ChArUco board are seen, and '
                f'{_LEAST_CORNERS} are needed; to fix it: check the numbers of squares '
                'and the dictionary, and let markers have 20 pixels or more a side'
            )
        inner = np.asarray(board.getChessboardCorners(), np.float64).reshape(-1, 3)
        places = inner[np.ravel(ids).astype(int), :2]
        return found.reshape(-1, 2).astype(np.float64), places

    def find(self, image: np.ndarray, lens: Lens | None = None) -> Scale:
        """The scale by all corners that are seen; see :func:`find_scale`.

        Raises:
            TargetError: If they are fewer than six, or lie on one line, or one lies
                where the lens shows nothing.
        """
        corners, places = self.corners(image)
        source = f'{len(corners)} corners of a board of {self.square:g} cm squares'
        straight = straightened(corners, f'one of {source}', lens)
        homography = None
        if tell_plane(places):
            homography = cv2.findHomography(places, straight)[0]
        if homography is None:
            raise TargetError(
                f'the {len(corners)} inner corners of the {self.columns}x{self.rows} '
                'ChArUco board that are seen lie on one line, or nearly so, and tell '
                'no plane; to fix it: leave more of the board uncovered, so that '
                'corners of two rows and two columns are seen'
            )
        off = straight - cv2.perspectiveTransform(places[:, None], homography)[:, 0]
        variance = float((off**2).sum()) / max(2 * len(corners) - 8, 1)
        covariance = max(variance, _LEAST_ERROR**2) * np.eye(2)
        covariances = np.tile(covariance, (len(corners), 1, 1))
        return from_corners(corners, places, covariances, _size(image), source, lens)

    @property
    def size(self) -> tuple[float, float]:
        """Width and height, the white border included, in centimetres."""
        width, height = self.columns * self.square, self.rows * self.square
        return width + 2 * self.border, height + 2 * self.border

    @property
    def border(self) -> float:
        """Centimetres of the white border around it."""
        return self.square / 4

    def draw(self, pixels: int) -> np.ndarray:
        """The board with its border, to be printed.

        Args:
            pixels: Pixels of a square's side; rounded to a multiple of 4.

        Returns:
            np.ndarray: Shape (H, W), uint8.
        """
        border = max(1, round(pixels / 4))
        size = 4 * border * self.columns, 4 * border * self.rows
        return np.pad(self._board().generateImage(size), border, constant_values=255)

    def _board(self) -> cv2.aruco.CharucoBoard:
        self.check()  # OpenCV's own errors tell nothing
        return cv2.aruco.CharucoBoard(
            (self.columns, self.rows),
            self.square,
            self.marker,
            _dictionary(self.dictionary),
        )


@dataclass(frozen=True)
class Sheet:
    """A sheet of paper, or a card, on a ground of another brightness.

    Its sides may be given in either order.

    Attributes:
        width: Centimetres of the short side.
        height: Centimetres of the long side.
        name: What it is called in messages.
    """

    width: float
    height: float
    name: str = 'sheet of paper'

    def __post_init__(self) -> None:
        if self.width > self.height:  # as of a sheet that lies across
            width, height = self.height, self.width
            object.__setattr__(self, 'width', width)
            object.__setattr__(self, 'height', height)

    def find(self, image: np.ndarray, lens: Lens | None = None) -> Scale:
        """The scale by the sheet's corners; see :func:`find_scale`."""
        found = find_sheet(image, self.width / self.height, lens)
        if found is None:
            raise TargetError(
                f'there is no {self.name} of {self.width:g} x {self.height:g} cm to be '
                'seen; to fix it: lay it on a ground of another brightness, with all '
                'four corners free'
            )
        width, height = self.size
        places = np.array([(0, 0), (width, 0), (width, height), (0, height)])
        return _by_edges(image, found, places, f'a {self.name}', lens)

    @property
    def size(self) -> tuple[float, float]:
        """Width and height in centimetres."""
        return self.width, self.height

    def draw(self, pixels: int) -> np.ndarray:
        """White paper, its short side so many pixels; shape (H, W), uint8."""
        return np.full(
            (round(pixels * self.height / self.width), pixels), 255, np.uint8
        )


Target = Marker | Board | Sheet


def sheet(name: str) -> Sheet:
    """A sheet of a usual size.

    Args:
        name: One of :data:`SHEETS`, or ``'WxH'`` in centimetres, e.g. ``'20x30'``.

    Raises:
        FormatError: If it is neither.
    """
    if name.lower() in SHEETS:
        return Sheet(*SHEETS[name.lower()], f'sheet of {name.upper()}')
    try:
        first, second = (float(side) for side in name.lower().split('x'))
    except ValueError:
        raise FormatError(
            f'{name!r} is no sheet; choose from {", ".join(SHEETS)}, or give its sides '
            'in cm, such as 20x30'
        ) from None
    if not (0 < first < np.inf and 0 < second < np.inf):
        raise FormatError(f'{name!r}: the sides of a sheet must be positive')
    return Sheet(first, second)


def find_scale(image: np.ndarray, target: Target, lens: Lens | None = None) -> Scale:
    """The plane on which something of known size lies in a picture.

    Args:
        image: BGR, uint8, shape (H, W, 3), or what else an inferencer takes, see
            :func:`fashion_mmpose.files.pictures.pixels.as_bgr`.
        target: What lies there, beside the garment and as flat as it.
        lens: The lens. Defaults to None.

    Returns:
        Scale: In centimetres, the perspective removed.

    Raises:
        LensError: If the picture has another shape than those of the lens.
        TargetError: If it is not found.
        ValueError: If the image is no picture, or there can be no such target.
    """
    image = as_bgr(image)
    return target.find(image, lens and lens.for_size(_size(image)))


def _size(image: np.ndarray) -> tuple[int, int]:
    height, width = image.shape[:2]
    return width, height


def _gray(image: np.ndarray) -> np.ndarray:
    return cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)


def _area(quad: np.ndarray) -> float:
    return cv2.contourArea(quad.astype(np.float32))


def _dictionary(name: str) -> cv2.aruco.Dictionary:
    number = getattr(cv2.aruco, f'DICT_{name.upper().removeprefix("DICT_")}', None)
    if not isinstance(number, int):
        known = [key[5:] for key in dir(cv2.aruco) if key.startswith('DICT_')]
        raise FormatError(
            f'{name!r} is no dictionary of markers; choose from {", ".join(known)}'
        )
    return cv2.aruco.getPredefinedDictionary(number)


def _by_quad(
    gray: np.ndarray,
    corners: np.ndarray,
    places: np.ndarray,
    source: str,
    lens: Lens | None,
) -> Scale:
    side = float(np.linalg.norm(corners - np.roll(corners, 1, axis=0), axis=1).min())
    refined = refine_corners(gray, corners, float(np.clip(0.05 * side, 1.5, 4)), lens)
    if refined is None:
        raise TargetError(
            f'the edges of {source} are not straight, or partly covered; to fix it: '
            'lay it flat, with a white border all around'
        )
    return _by_edges(gray, refined, places, source, lens)


def _by_edges(
    image: np.ndarray,
    refined: Corners,
    places: np.ndarray,
    source: str,
    lens: Lens | None,
) -> Scale:
    corners = refined.points if lens is None else lens.bent(refined.points)
    return from_corners(
        corners,
        places,
        refined.covariances,
        _size(image),
        source,
        lens,
        refined.outward,
    )
