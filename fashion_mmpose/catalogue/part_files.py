"""Predictions written in parts, each a Parquet file that is complete or absent."""

import os
from collections import Counter
from collections.abc import Generator, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fashion_mmpose import interrupts
from fashion_mmpose.files.parquet import require_pyarrow
from fashion_mmpose.garments import benchmark, benchmark_entry
from fashion_mmpose.inference import GarmentInferencer, PicturePrediction
from fashion_mmpose.inference.outputs.measuring import Measuring
from fashion_mmpose.version import __version__

from .model_id import model_id
from .plan import Part, Plan
from .schema import VERSION, About, Unreadable, rows_of
from .table_file import write_rows

_SHOWN = 20  # reasons that are kept to be shown


@dataclass(frozen=True)
class Writing:
    """What rows are made with, beside the garments.

    Attributes:
        model: What the networks are called.
        benchmarks: Of the networks, as metainfo holds them.
        keypoints: Names of the key points by category.
        measuring: How garments are measured; None where they are not.
    """

    model: str
    benchmarks: tuple[str | dict[str, Any], ...]
    keypoints: dict[str, tuple[str, ...]]
    measuring: Measuring | None = None

    @classmethod
    def by(
        cls, inferencer: GarmentInferencer, measuring: Measuring | None = None
    ) -> 'Writing':
        """What rows of an inferencer's garments are made with."""
        tables = {
            category: benchmark(getattr(network, 'definition', network.benchmark))
            for category, network in inferencer.networks.items()
        }
        entries = {each.name: benchmark_entry(each) for each in tables.values()}
        names = {
            category: tuple(table.garments[category].keypoints)
            for category, table in tables.items()
        }
        return cls(model_id(inferencer), tuple(entries.values()), names, measuring)

    def about(self, result: 'PartResult') -> About:
        """What the file of a part says about itself."""
        part = result.part
        return About(
            schema=VERSION,
            version=__version__,
            benchmarks=self.benchmarks,
            keypoints=self.keypoints,
            first=part.first,
            num_pictures=len(part.sources),
            unreadable=tuple(result.unreadable),
            num_in_pixels=len(result.in_pixels),
        )

    def rows(self, predicted: PicturePrediction) -> tuple[list[dict], str]:
        """The rows of a picture, and why they are not in centimetres, or nothing."""
        found = predicted.garments
        if self.measuring is None:
            return rows_of(predicted, [None] * len(found), self.model), ''
        pixels = predicted.picture.pixels
        assert pixels is not None  # as of every picture that was read
        scale, reason = self.measuring.scale_of(pixels)
        measured = []
        for garment in found:
            lengths, own = self.measuring.lengths(garment, scale)
            measured.append(lengths)
            reason = reason or own
        name = predicted.picture.source.name
        rows = rows_of(predicted, measured, self.model)
        return rows, f'{name}: {reason}' if reason else ''


@dataclass
class PartResult:
    """What is found in the pictures of a part.

    Attributes:
        part: The part.
        rows: Of its garments.
        unreadable: Its pictures that could not be read.
        in_pixels: Why pictures could not be measured in centimetres.
        num_pictures: So many could be read.
        num_empty: So many of these have no garment.
    """

    part: Part
    rows: list[dict] = field(default_factory=list)
    unreadable: list[Unreadable] = field(default_factory=list)
    in_pixels: list[str] = field(default_factory=list)
    num_pictures: int = 0
    num_empty: int = 0

    @property
    def is_complete(self) -> bool:
        """Whether all of its pictures have been added or left out."""
        return self.num_pictures + len(self.unreadable) == len(self.part.sources)

    def add(self, predicted: PicturePrediction, writing: Writing) -> None:
        """Add a picture's garments.

        Raises:
            ValueError: If one is at no finite position.
        """
        rows, in_pixels = writing.rows(predicted)
        self.rows += rows
        if in_pixels:
            self.in_pixels.append(in_pixels)
        self.num_pictures += 1
        self.num_empty += not rows

    def leave_out(self, predicted: PicturePrediction) -> None:
        """Note a picture that cannot be read."""
        picture = predicted.picture
        self.unreadable.append(
            Unreadable(picture.image_id, picture.source.name, picture.error)
        )


class PartFiles:
    """Writes parts into a folder; to be used in a ``with`` block.

    A part appears when its last picture has been added. What is not complete when the
    block is left is given up: the next run predicts that part again.

    Args:
        out_dir: The folder.
        plan: What the parts are of.
        writing: What rows are made with.

    Attributes:
        num_pictures: So many are in the parts that were written.
        num_empty: So many of these have no garment.
        num_garments: So many of each category were found.
        num_unreadable: So many more could not be read.
        unreadable: Why, of the first ones.
        num_in_pixels: So many pictures could not be measured in centimetres.
        in_pixels: Why, of the first ones.

    Raises:
        ImportError: If pyarrow is missing.
    """

    def __init__(
        self, out_dir: str | os.PathLike, plan: Plan, writing: Writing
    ) -> None:
        require_pyarrow()
        self.out_dir = Path(out_dir)
        self.num_pictures = 0
        self.num_empty = 0
        self.num_garments: Counter[str] = Counter()
        self.num_unreadable = 0
        self.unreadable: list[str] = []
        self.num_in_pixels = 0
        self.in_pixels: list[str] = []
        self._plan = plan
        self._writing = writing
        self._unfinished: PartResult | None = None

    def __enter__(self) -> 'PartFiles':
        return self

    def __exit__(self, error_type, error, traceback) -> None:
        self._unfinished = None

    def predicted(
        self,
        inferencer: GarmentInferencer,
        parts: Iterable[Part],
        category: str | None = None,
    ) -> Generator[PicturePrediction]:
        """The garments of parts, which are to be added one by one.

        Batches end with a part, so that its rows do not depend on what came before.

        Args:
            inferencer: The networks.
            parts: The parts, one after the other.
            category: Of the garments, see :class:`GarmentInferencer`.
        """
        for part in parts:
            self._unfinished = PartResult(part)
            yield from inferencer(part.sources, category, on_error='skip')

    def add(self, predicted: PicturePrediction) -> None:
        """Add a picture's garments to the part that is being predicted.

        Raises:
            OSError: If the part cannot be written.
            ValueError: If a garment is at no finite position.
        """
        now = self._now()
        now.add(predicted, self._writing)
        self._take_if_complete(now)

    def leave_out(self, predicted: PicturePrediction) -> None:
        """Note a picture that cannot be read in the part that is being predicted.

        Raises:
            OSError: If the part cannot be written.
        """
        now = self._now()
        now.leave_out(predicted)
        self._take_if_complete(now)

    def _now(self) -> PartResult:
        assert self._unfinished is not None  # as while `predicted` is gone through
        return self._unfinished

    def _take_if_complete(self, now: PartResult) -> None:
        if now.is_complete:
            self._unfinished = None
            self.take(now)

    def take(self, result: PartResult) -> None:
        """Write a part that is complete.

        Raises:
            OSError: If it cannot be written.
        """
        path = self.out_dir / self._plan.name(result.part.number)
        about = self._writing.about(result)
        with interrupts.deferred():
            write_rows(path, result.rows, about)
        self.num_pictures += result.num_pictures
        self.num_empty += result.num_empty
        self.num_garments.update(row['category'] for row in result.rows)
        self.num_unreadable += len(result.unreadable)
        self.num_in_pixels += len(result.in_pixels)
        for kept, found in (
            (self.unreadable, [each.reason for each in result.unreadable]),
            (self.in_pixels, result.in_pixels),
        ):
            kept += found[: max(0, _SHOWN - len(kept))]
