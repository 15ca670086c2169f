"""What tells centimetres in each picture of a run, as options and files say it."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from fashion_mmpose.errors import FormatError
from fashion_mmpose.files.json_file import read_json
from fashion_mmpose.garments import Benchmark, Measure
from fashion_mmpose.garments.description_file import read_description
from fashion_mmpose.garments.measurements import read_measures

from .measured import AnyScale, KnownLength
from .scale import Lens, Scale, in_pixels
from .targets import Target, find_scale


@dataclass(frozen=True)
class Centimetres:
    """What tells centimetres, the same thing in every picture.

    Attributes:
        known: A marker, a board or a sheet that is found anew in each picture; a scale,
            or a length of the garment, that holds for all; None for pixels.
        lens: The lens of the camera; None where it is not known.
    """

    known: Target | AnyScale | None = None
    lens: Lens | None = None

    def of(self, image: np.ndarray) -> AnyScale:
        """The scale of a picture (BGR, uint8).

        Raises:
            TargetError: If what tells centimetres is not found in it.
        """
        if self.known is None:
            return in_pixels(self.lens)
        if isinstance(self.known, Scale | KnownLength):
            return replace(self.known, lens=self.lens)
        return find_scale(image, self.known, self.lens)


def read_lens(path: str | os.PathLike) -> Lens:
    """Read a camera's calibration.

    Args:
        path: JSON with ``matrix`` (3 x 3) and ``distortion`` (k1, k2, p1, p2, ...); or
            a YAML or XML file of OpenCV's calibration samples, with ``camera_matrix``
            and ``distortion_coefficients``.

    Raises:
        FormatError: If it is neither.
        OSError: If it cannot be read.
    """
    if Path(path).suffix.lower() == '.json':
        content = read_json(path)
        content = content if isinstance(content, Mapping) else {}
        matrix, distortion = content.get('matrix'), content.get('distortion')
    else:
        matrix, distortion = _of_opencv(path)
    try:
        numbers = np.array(matrix, np.float64), np.array(distortion, np.float64).ravel()
    except (TypeError, ValueError):
        numbers = np.zeros(0), np.zeros(0)
    if numbers[0].shape != (3, 3) or len(numbers[1]) not in (4, 5, 8, 12, 14):
        raise FormatError(
            f'{path} is no calibration of a camera; to fix it: give JSON with matrix '
            '(3 rows of 3) and distortion (4, 5, 8, 12 or 14 numbers), or a file of '
            "OpenCV's calibration"
        )
    return Lens(*numbers)


def _of_opencv(path: str | os.PathLike) -> tuple:
    with open(path, 'rb'):  # OpenCV has no error for a file that is not there
        pass
    try:
        storage = cv2.FileStorage(os.fspath(path), cv2.FILE_STORAGE_READ)
        names = 'camera_matrix', 'distortion_coefficients'
        return tuple(storage.getNode(name).mat() for name in names)
    except (cv2.error, SystemError):  # the latter, in its constructor
        raise FormatError(f'{path} is no file that OpenCV reads') from None


def read_own_measures(
    path: str | os.PathLike, benchmark: Benchmark
) -> dict[str, tuple[Measure, ...]]:
    """Measurements of a file in the place of the table's.

    Args:
        path: JSON or YAML: a mapping from categories to measurements, each as
            :func:`fashion_mmpose.garments.measurements.read_measures` takes them.
        benchmark: Whose categories and key points these are.

    Returns:
        dict: Measurements by category.

    Raises:
        FormatError: If it is no such file, or names what the benchmark has not.
        FileNotFoundError: If it does not exist.
    """
    content = read_description(path)
    if not isinstance(content, Mapping) or not content:
        raise FormatError(
            f'{path} is no mapping of categories to measurements; to fix it: write, '
            'for example, skirt: {width: [waistband_left, waistband_right]}'
        )
    measures = {}
    for category, rows in content.items():
        if category not in benchmark.garments:
            raise FormatError(
                f'{path}: {benchmark.name} has no category {category!r}; choose from '
                f'{", ".join(benchmark.garments)}'
            )
        names = benchmark.garments[category].keypoints
        measures[category] = read_measures(rows, f'{path}: {category}', names, names)
    return measures
