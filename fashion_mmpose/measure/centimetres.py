"""What tells centimetres in each picture of a run, as options and files say it."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from fashion_mmpose.errors import FormatError
from fashion_mmpose.garments import Benchmark, Measure
from fashion_mmpose.garments.descriptions.file import read_description
from fashion_mmpose.garments.descriptions.measurements import read_measures

from .measured import AnyScale, KnownLength
from .scaling.scale import (
    Lens,
    LensError,
    Scale,
    TargetError,
    in_pixels,
    known_length,
)
from .scaling.targets import Target, find_scale


@dataclass(frozen=True)
class KnownPoints:
    """Two points that lie at the same place of every picture, and what is between them.

    Attributes:
        first: x and y in pixels of the pictures, as they are measured.
        second: Those of the other end.
        length: Centimetres between them.
        error: Standard deviation of each point in x and in y, in pixels. Defaults to 1.

    Raises:
        ValueError: If the length is not positive, or the points are too near for their
            error.
    """

    first: tuple[float, float]
    second: tuple[float, float]
    length: float
    error: float = 1.0

    def __post_init__(self) -> None:
        self.scale()  # what is wrong with them is said before any picture is read

    def check_inside(self, size_wh: tuple[int, int]) -> None:
        """Make sure that a picture has both points.

        Raises:
            TargetError: If its width and height are too small.
        """
        for x, y in (self.first, self.second):
            if not (0 <= x <= size_wh[0] and 0 <= y <= size_wh[1]):
                raise TargetError(
                    f'the known point {x:g}, {y:g} lies outside of the picture of '
                    f'{size_wh[0]}x{size_wh[1]} pixels; to fix it: measure pictures of '
                    'each size on their own, with the points in their pixels'
                )

    def scale(self, lens: Lens | None = None) -> Scale:
        """The scale of a picture.

        Args:
            lens: The lens for pictures of its size, by which the ends are straightened.
                Defaults to None.
        """
        ends = np.array((self.first, self.second), np.float64)
        return known_length(ends, self.length, self.error, lens)


@dataclass(frozen=True)
class Centimetres:
    """What tells centimetres, the same thing in every picture.

    Attributes:
        known: A marker, a board or a sheet that is found anew in each picture; a scale
            that does not depend on the lens, two points, or a length of the garment,
            that hold for all; None for pixels.
        lens: The lens of the camera; None where it is not known.
    """

    known: Target | AnyScale | KnownPoints | None = None
    lens: Lens | None = None

    def of(self, image: np.ndarray) -> AnyScale:
        """The scale of a picture (BGR, uint8).

        Raises:
            LensError: If the picture has another shape than those of the lens.
            TargetError: If what tells centimetres is not found in it.
        """
        height, width = image.shape[:2]
        lens = self.lens and self.lens.for_size((width, height))
        if self.known is None:
            return in_pixels(lens)
        if isinstance(self.known, KnownPoints):
            # The lens may be one for larger pictures: only now is it that of this one.
            self.known.check_inside((width, height))
            return replace(self.known.scale(lens), is_shared=True)
        if isinstance(self.known, Scale):
            return replace(self.known, lens=lens, is_shared=True)
        if isinstance(self.known, KnownLength):
            return replace(self.known, lens=lens)
        return find_scale(image, self.known, lens)

    def pixels_of(self, image: np.ndarray) -> Scale:
        """The pixels of a picture that tells no centimetres; straight, if may be."""
        try:
            return in_pixels(replace(self, known=None).of(image).lens)
        except LensError:
            return in_pixels()


def read_own_measures(
    path: str | os.PathLike, benchmark: Benchmark
) -> dict[str, tuple[Measure, ...]]:
    """Measurements of a file in the place of the table's.

    Args:
        path: JSON or YAML: a mapping from categories to measurements, each as
            ``garments.descriptions.measurements.read_measures`` takes them.
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
