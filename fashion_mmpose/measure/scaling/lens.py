"""The lens of a camera: estimated from pictures of a board, written and read."""

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from fashion_mmpose.errors import FormatError
from fashion_mmpose.files.json_file import encode, read_json
from fashion_mmpose.files.writing.outputs import OutputFiles

from .scale import Lens, TargetError
from .targets import Board

LEAST_PICTURES = 4
_GRID = (4, 3)  # columns and rows in which corners are looked for
_LARGE = 3.0  # times the median of pictures' errors is too much, ...
_LARGE_PX = 1.0  # ... and so many pixels
# Fixed coefficients of the models, and how many are free.
_MODELS = (
    (cv2.CALIB_FIX_K3 | cv2.CALIB_FIX_K2 | cv2.CALIB_ZERO_TANGENT_DIST, 1),
    (cv2.CALIB_FIX_K3 | cv2.CALIB_ZERO_TANGENT_DIST, 2),
    (cv2.CALIB_FIX_K3 | cv2.CALIB_FIX_K2, 3),
    (cv2.CALIB_FIX_K3, 4),
    (0, 5),
)

View = tuple[np.ndarray, np.ndarray]  # corners in the picture and on the board, (n, 2)


@dataclass(frozen=True, eq=False)
class LensEstimate:
    """A lens, and how sure it is.

    Attributes:
        lens: The lens.
        error_px: How far corners are from where they should be (root mean square).
        focal_error: Standard deviation of the focal length, as a share of it.
        covered: Share of the picture's parts, four by three, in which there are
            corners.
        used: Names of the pictures that it comes from.
        left_out: Why others were left out, by their names.
    """

    lens: Lens
    error_px: float
    focal_error: float
    covered: float
    used: tuple[str, ...]
    left_out: Mapping[str, str]


def estimate_lens(
    pictures: Iterable[tuple[str, np.ndarray]], board: Board
) -> LensEstimate:
    """Estimate a camera's lens from pictures of a board.

    Pixels are square. Of models with one to three radial coefficients and with or
    without the two tangential ones it takes the one that the corners ask for (Bayes'
    information criterion): a coefficient that they do not tell would bend the parts of
    the picture in which no board was.

    Args:
        pictures: Name and pixels (BGR, uint8, shape (H, W, 3)) of each, of one size,
            taken by one camera at one zoom: the board slanted to all sides, and in all
            parts of the picture. They are read one after the other.
        board: The board. Its lengths need not be true, only their ratio.

    Raises:
        TargetError: If there are fewer than four usable pictures, or they do not tell
            the lens.
        ValueError: If two have different sizes.
    """
    found: dict[str, View] = {}
    left_out: dict[str, str] = {}
    size_wh, first = None, ''
    for name, image in pictures:
        own = image.shape[1], image.shape[0]
        if size_wh is None:
            size_wh, first = own, name
        if own != size_wh:
            raise ValueError(
                f'{name} has {own[0]}x{own[1]} pixels, and {first} has {size_wh[0]}x'
                f'{size_wh[1]}; to fix it: give pictures of one camera, held alike, '
                'that were not cropped'
            )
        try:
            found[name] = board.corners(image)
        except TargetError as error:
            left_out[name] = str(error)
    while True:
        if size_wh is None or len(found) < LEAST_PICTURES:
            raise TargetError(_too_few(len(found), left_out))
        fitted = _fit(list(found.values()), size_wh)
        limit = max(_LARGE * float(np.median(fitted.of_pictures)), _LARGE_PX)
        bad = {name: off for name, off in zip(found, fitted.of_pictures) if off > limit}
        if not bad:
            break
        for name, off in bad.items():
            left_out[name] = f'its corners are {off:.1f} pixels off'
            del found[name]
    seen = np.concatenate([corners for corners, _ in found.values()])
    cells = np.clip((seen / size_wh * _GRID).astype(int), 0, np.subtract(_GRID, 1))
    return LensEstimate(
        lens=fitted.lens,
        error_px=fitted.error_px,
        focal_error=fitted.focal_error,
        covered=len(np.unique(cells, axis=0)) / (_GRID[0] * _GRID[1]),
        used=tuple(found),
        left_out=left_out,
    )


def _too_few(count: int, left_out: Mapping[str, str]) -> str:
    reason = next((f'; {name}: {why}' for name, why in left_out.items()), '')
    return (
        f'{count} pictures show the board, and {LEAST_PICTURES} are needed, better ten '
        f'to twenty{reason}'
    )


@dataclass(frozen=True, eq=False)
class _Fit:
    """A model that was fitted, and what is left."""

    lens: Lens
    error_px: float
    focal_error: float
    of_pictures: np.ndarray
    surprise: float  # Bayes' information criterion: less is better


def _fit(views: Sequence[View], size_wh: tuple[int, int]) -> _Fit:
    """The model that the corners ask for, and none with more coefficients."""
    return min(
        (_fit_model(views, size_wh, *model) for model in _MODELS),
        key=lambda fitted: fitted.surprise,
    )


def _fit_model(
    views: Sequence[View], size_wh: tuple[int, int], flags: int, free: int
) -> _Fit:
    corners = [seen.astype(np.float32)[:, None] for seen, _ in views]
    places = [
        np.column_stack((place, np.zeros(len(place)))).astype(np.float32)[:, None]
        for _, place in views
    ]
    width, height = size_wh
    # What the pixels being square is told by, and where the search begins.
    start = np.array([[width, 0, width / 2], [0, width, height / 2], [0, 0, 1.0]])
    flags |= cv2.CALIB_USE_INTRINSIC_GUESS | cv2.CALIB_FIX_ASPECT_RATIO
    try:
        error, matrix, distortion, *_, deviations, _, errors = (
            cv2.calibrateCameraExtended(
                places, corners, size_wh, start, np.zeros(5), flags=flags
            )
        )
    except cv2.error as failed:
        raise TargetError(
            'the pictures do not tell the lens; to fix it: slant the board to '
            f'different sides ({failed.err})'
        ) from None
    count = 2 * sum(map(len, corners))
    return _Fit(
        lens=Lens(matrix, distortion.ravel(), size_wh),
        error_px=float(error),
        focal_error=float(np.ravel(deviations)[:2].max() / matrix[0, 0]),
        of_pictures=np.ravel(errors),
        surprise=float(count * np.log(error**2) + free * np.log(count)),
    )


def write_lens(
    path: str | os.PathLike, lens: Lens, told: Mapping[str, object] | None = None
) -> None:
    """Write a lens as the JSON that :func:`read_lens` and ``measure --lens`` take.

    Args:
        path: The file.
        lens: The lens.
        told: What else the file says, for readers; plain values.
    """
    content = dict(
        matrix=lens.matrix.tolist(),
        distortion=np.ravel(lens.distortion).tolist(),
        size=None if lens.size_wh is None else list(lens.size_wh),
        **(told or {}),
    )
    with OutputFiles() as outputs:
        outputs.open(path).write(f'{encode(content)}\n')


def read_lens(path: str | os.PathLike) -> Lens:
    """Read a camera's calibration.

    Args:
        path: JSON with ``matrix`` (3 x 3), ``distortion`` (k1, k2, p1, p2, ...) and,
            where it is known, ``size``, width and height of the pictures; or a YAML or
            XML file of OpenCV's calibration samples, with ``camera_matrix``,
            ``distortion_coefficients``, ``image_width`` and ``image_height``.

    Raises:
        FormatError: If it is neither, or the matrix is none of a camera.
        OSError: If it cannot be read.
    """
    if Path(path).suffix.lower() == '.json':
        content = read_json(path)
        content = content if isinstance(content, Mapping) else {}
        told = (content.get(name) for name in ('matrix', 'distortion', 'size'))
    else:
        told = _of_opencv(path)
    matrix, distortion, size = told
    try:
        numbers = np.array(matrix, np.float64), np.array(distortion, np.float64).ravel()
        size_wh = None
        if size is not None:
            width, height = map(int, size)
            size_wh = width, height
        is_good = size_wh is None or min(size_wh) > 0
    except (TypeError, ValueError):
        numbers, size_wh, is_good = (np.zeros(0), np.zeros(0)), None, False
    shapes = numbers[0].shape == (3, 3) and len(numbers[1]) in (4, 5, 8, 12, 14)
    if not (is_good and shapes and all(np.isfinite(each).all() for each in numbers)):
        raise FormatError(
            f'{path} is no calibration of a camera; to fix it: give JSON with matrix '
            '(3 rows of 3) and distortion (4, 5, 8, 12 or 14 numbers), or a file of '
            "OpenCV's calibration"
        )
    _check_matrix(path, numbers[0])
    return Lens(*numbers, size_wh)


def _check_matrix(path: str | os.PathLike, matrix: np.ndarray) -> None:
    """Refuse what is no camera's matrix, such as one with rows for columns."""
    fixed = matrix[1, 0], *matrix[2]
    if not np.allclose(fixed, (0, 0, 0, 1)) or min(matrix[0, 0], matrix[1, 1]) <= 0:
        raise FormatError(
            f'{path}: the matrix {matrix.tolist()} is none of a camera; to fix it: '
            'write it as OpenCV has it, [[fx, 0, cx], [0, fy, cy], [0, 0, 1]] (other '
            'programs exchange rows and columns)'
        )
    if abs(matrix[0, 1]) > 1e-6 * matrix[0, 0]:
        raise FormatError(
            f'{path}: the matrix has a skew of {matrix[0, 1]:g}, which OpenCV leaves '
            'out where it takes a distortion away; to fix it: calibrate without skew, '
            'which cameras of today do not have'
        )


def _of_opencv(path: str | os.PathLike) -> tuple:
    with open(path, 'rb'):  # OpenCV has no error for a file that is not there
        pass
    try:
        storage = cv2.FileStorage(os.fspath(path), cv2.FILE_STORAGE_READ)
        names = 'camera_matrix', 'distortion_coefficients'
        matrices = (storage.getNode(name).mat() for name in names)
        nodes = [storage.getNode(f'image_{name}') for name in ('width', 'height')]
        size = [int(node.real()) for node in nodes if node.isInt()]
        return *matrices, size or None
    except (cv2.error, SystemError):  # the latter, in its constructor
        raise FormatError(f'{path} is no file that OpenCV reads') from None
