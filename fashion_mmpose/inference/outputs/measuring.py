"""Lengths of predicted garments, written into a folder."""

import os
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from fashion_mmpose.files.pictures.pixels import write_picture
from fashion_mmpose.garments import GarmentPrediction, Measure
from fashion_mmpose.inference.picture_prediction import PicturePrediction
from fashion_mmpose.measure import (
    AnyScale,
    KnownLength,
    Measured,
    Scale,
    TargetError,
    in_pixels,
)
from fashion_mmpose.measure.centimetres import Centimetres
from fashion_mmpose.measure.combining import combine
from fashion_mmpose.measure.measured import MIN_SCORE
from fashion_mmpose.measure.specification import (
    VERDICTS,
    Limit,
    Specification,
    Verdict,
    judge,
    worst,
)
from fashion_mmpose.measure.writing import FORMATS, check_format, write_table
from fashion_mmpose.media.sources import Source
from fashion_mmpose.visualization import draw_measurements

from .names import drawn_paths
from .run_files import RunFiles

NAME = 'measurements'
DRAWN_FOLDER = 'measured'
UNFINISHED = 'measurements.unfinished'


@dataclass(frozen=True)
class Measuring:
    """How garments are measured.

    Attributes:
        centimetres: What tells centimetres.
        own: Measurements by category in the place of the table's; empty for these.
        limits: A specification sheet; empty for none.
        min_score: Points that score less are absent. Defaults to 0.2.
    """

    centimetres: Centimetres
    own: Mapping[str, tuple[Measure, ...]]
    limits: Sequence[Limit] = ()
    min_score: float = MIN_SCORE

    def scale_of(self, pixels: np.ndarray) -> tuple[AnyScale, str]:
        """What tells lengths in a picture, and why not centimetres, or nothing.

        Args:
            pixels: BGR, uint8, shape (H, W, 3).
        """
        try:
            return self.centimetres.of(pixels), ''
        except TargetError as error:
            return self.centimetres.pixels_of(pixels), str(error)

    def scale_for(
        self, garment: GarmentPrediction, scale: AnyScale
    ) -> tuple[AnyScale, str]:
        """What tells a garment's lengths, and why not centimetres, or nothing.

        A length of the garment itself tells nothing of garments of other categories.

        Args:
            garment: The garment.
            scale: Of its picture.
        """
        if not isinstance(scale, KnownLength):
            return scale, ''
        missing = scale.missing(garment.garment)
        if not missing:
            return scale, ''
        reason = f'{garment.category} has no key point {missing!r} of the known length'
        return in_pixels(scale.lens), reason

    def lengths(
        self, garment: GarmentPrediction, scale: AnyScale
    ) -> tuple[list[Measured], str]:
        """The measurements of a garment, and why not centimetres, or nothing.

        Args:
            garment: The garment.
            scale: Of its picture; see :meth:`scale_for`.
        """
        scale, reason = self.scale_for(garment, scale)
        measures = self.own.get(garment.category)
        found = garment.measurements(scale, measures=measures, min_score=self.min_score)
        return found, reason


class MeasurementFiles(RunFiles):
    """Writes the lengths of predicted garments; to be used in a ``with`` block.

    - ``measurements.csv`` and the like: a row for each length.
    - ``measured/``: the pictures with the ways that were measured, named like them.
      Frames of videos and cameras are measured, too, but not drawn.

    All of them appear together when the block is left; not if it is left by an
    exception.

    Args:
        out_dir: The folder; made where it is missing.
        sources: Names of the sources, see :func:`.names.name_sources`.
        measuring: How garments are measured.
        formats: Of ``csv``, ``json`` and ``xlsx``. Defaults to the first two.
        with_drawn: Draw the pictures. Defaults to False.
        combined: Take the pictures of a folder for pictures of one garment of each
            category, and add their common lengths, category by category. A picture
            with several garments of a category counts for none of its common lengths.
            Defaults to False.
        tracked: Garments are followed: every row has the garment's ``track_id``, empty
            for common lengths. Defaults to False.

    Attributes:
        num_garments: So many garments were measured.
        in_pixels: Why pictures, or garments of them, could not be measured in
            centimetres.
        not_combined: Why pictures count for no common length, picture by picture and
            category by category.
        verdicts: How often each verdict stands in the table.

    Raises:
        ImportError: If a workbook is wanted and openpyxl is missing.
        ValueError: If an input would be drawn over.
    """

    def __init__(
        self,
        out_dir: str | os.PathLike,
        sources: Mapping[str, Source],
        measuring: Measuring,
        formats: Sequence[str] = ('csv', 'json'),
        with_drawn: bool = False,
        combined: bool = False,
        tracked: bool = False,
    ) -> None:
        for name in formats:
            check_format(name)
        super().__init__(out_dir, UNFINISHED, sources)
        self.num_garments = 0
        self.in_pixels: list[str] = []
        self.not_combined: list[str] = []
        self.verdicts = Counter()
        self._sheet = Specification(measuring.limits)
        self._idle = dict.fromkeys(measuring.limits)
        self._measuring = measuring
        self._formats = formats
        self._tracked = tracked
        self._names = {source: name for name, source in sources.items()}
        self._drawn = {}
        if with_drawn:
            self._drawn = drawn_paths(self.out_dir / DRAWN_FOLDER, sources)
        self._rows: list[dict] = []
        self._groups: dict[tuple[str, str], list] | None = None
        if combined:
            self._groups = defaultdict(list)

    def add(self, predicted: PicturePrediction) -> None:
        """Measure a picture's garments.

        Raises:
            OSError: If a picture cannot be written.
        """
        source = predicted.picture.source
        name = self._names[source]
        image = name
        if predicted.picture.frame is not None:
            image = f'{name}#{predicted.picture.frame}'
        pixels = predicted.picture.pixels
        scale, reason = self._measuring.scale_of(pixels)
        if reason:
            self.in_pixels.append(f'{image}: {reason}')
        everything = []
        categories = Counter(garment.category for garment in predicted.garments)
        for number, garment in enumerate(predicted.garments, 1):
            lengths, reason = self._measuring.lengths(garment, scale)
            if reason:
                self.in_pixels.append(f'{image}, garment {number}: {reason}')
            place = self._place(image, number, garment.category, garment.track_id)
            # A sheet says what the table says: names that are unique over the inputs.
            self._add_rows(place, lengths, image, name)
            everything += lengths
            # Two garments of a picture are not one garment taken twice.
            if self._groups is not None and categories[garment.category] == 1:
                group = os.path.dirname(name), garment.category
                self._groups[group].append(lengths)
        if self._groups is not None:
            self.not_combined += [
                f'{image}: it shows {count} garments of the category {category}, and '
                'nothing tells which of them the other pictures show'
                for category, count in categories.items()
                if count > 1
            ]
        self.num_garments += len(predicted.garments)
        if name in self._drawn and source.is_single:
            shown = scale if isinstance(scale, Scale) else None
            drawn = draw_measurements(pixels, everything, shown)
            with self._made(self._drawn[name]) as own:
                write_picture(own, drawn)

    def _place(
        self, image: str, garment: int, category: str, track_id: int | None = None
    ) -> dict:
        """What rows begin with: which garment their lengths are of."""
        place = dict(image=image, garment=garment, category=category)
        return place | dict(track_id=track_id) if self._tracked else place

    def _add_rows(
        self, place: Mapping, lengths: Sequence[Measured], *pictures: str
    ) -> None:
        verdicts = judge(lengths, self._sheet, place['category'], pictures)
        for each in verdicts:
            self._idle.pop(each.limit, None)
        by_name = worst(verdicts)
        self.verdicts.update(each.verdict for each in by_name.values())
        shown = [
            *lengths,
            *(
                Measured(name, '', reason=each.reason)
                for name, each in by_name.items()
                if each.measured is None
            ),
        ]
        self._rows += [self._row(place, each, by_name.get(each.name)) for each in shown]

    def _row(
        self, place: Mapping, measured: Measured, found: Verdict | None = None
    ) -> dict:
        row = dict(place, **measured.to_dict())
        if self._measuring.limits:
            row |= dict(
                target=found and found.limit.target,
                minus=found and found.limit.minus,
                plus=found and found.limit.plus,
                verdict=found and found.verdict,
                verdict_reason=found and found.reason,
            )
        return row

    def _finish(self) -> None:
        for (folder, category), lengths in (self._groups or {}).items():
            if len(lengths) > 1:
                name = os.path.join(folder, f'{len(lengths)} pictures')
                place = self._place(name, 1, category)
                self._add_rows(place, combine(lengths), name)
        columns = tuple(self._row(self._place('', 0, ''), Measured('', '')))
        for suffix in self._formats:
            path = self.out_dir / f'{NAME}.{suffix}'
            write_table(self._outputs, path, self._rows, columns)

    def of_other_runs(self) -> list[str]:
        """What of the folder this run has not written, in words."""
        own = {f'{NAME}.{suffix}': suffix in self._formats for suffix in FORMATS}
        return self._of_others(own, DRAWN_FOLDER, self._drawn.values())

    @property
    def idle_limits(self) -> list[Limit]:
        """The rows of the specification sheet that no garment was for."""
        return list(self._idle)

    def summary(self) -> str:
        """What was measured, in a line."""
        done = [row for row in self._rows if row['value'] is not None]
        text = f'{len(done)} lengths of {self.num_garments} garments'
        absent = len(self._rows) - len(done)
        if absent:
            text += f', {absent} absent'
        if self.verdicts:
            counts = (f'{self.verdicts[each]} {each}' for each in VERDICTS)
            text += '; ' + ', '.join(counts)
        return text
