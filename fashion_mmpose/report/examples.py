"""Pictures of a report: the worst garments, those in the middle, what changed most."""

import base64
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from fashion_mmpose import garments
from fashion_mmpose.errors import PictureError
from fashion_mmpose.evaluation.functional.errors import GARMENT_TYPES, POINT_TYPES
from fashion_mmpose.evaluation.functional.errors.pairing import FOUND
from fashion_mmpose.evaluation.functional.errors.points import UNSEEN
from fashion_mmpose.files.pictures.pixels import read_picture
from fashion_mmpose.visualization.drawing import draw_keypoints, draw_truth

from .judging import Judged
from .material import Material

_SIDE = 300  # px of a picture in the page
_MARGIN = 0.15  # of a garment's size, around it
_REACH = 0.5  # of its size, up to which points beyond the box are shown
_QUALITY = 80  # of the JPEG
_EMPTY = 236  # grey where there is no picture


@dataclass(frozen=True)
class Example:
    """A garment as the page shows it.

    Attributes:
        pictures: Addresses of the drawn pictures, one for each run, with their data.
        title: Picture and category.
        captions: What is said of each picture.
    """

    pictures: tuple[str, ...]
    title: str
    captions: tuple[str, ...]


@dataclass(frozen=True)
class ExampleGroup:
    """Examples under a headline."""

    title: str
    examples: tuple[Example, ...]


def example_groups(
    material: Material,
    runs: Sequence[Judged],
    image_root: str | os.PathLike | None,
    num: int = 12,
) -> list[ExampleGroup]:
    """Draw garments with truth and prediction.

    Args:
        material: What was judged.
        runs: One run, or two.
        image_root: Folder of the pictures; None draws on grey.
        num: Examples of a group. Defaults to 12.
    """
    drawing = _Drawing(material, runs, image_root)
    quality = runs[0].quality
    counted = np.flatnonzero(np.isfinite(quality))
    order = counted[np.argsort(quality[counted], kind='stable')]
    middle = max(0, (len(order) - num // 2) // 2)
    groups = [
        ('The worst', order[:num]),
        ('Those in the middle', order[middle : middle + num // 2]),
    ]
    if len(runs) > 1:
        change = (runs[1].quality - quality)[counted]
        rising = np.argsort(change, kind='stable')
        half = num // 2
        better, worse = rising[change[rising] > 0], rising[change[rising] < 0]
        groups = [
            ('What is better in B', counted[better[::-1][:half]]),
            ('What is worse in B', counted[worse[:half]]),
            *((f'{title} of A', items) for title, items in groups),
        ]
    return [
        ExampleGroup(title, tuple(drawing.example(item) for item in items.tolist()))
        for title, items in groups
        if len(items)
    ]


class _Drawing:
    def __init__(
        self,
        material: Material,
        runs: Sequence[Judged],
        image_root: str | os.PathLike | None,
    ) -> None:
        self.material, self.runs = material, runs
        self.root = None if image_root is None else Path(image_root)
        self.known = {g.category_id: g for g in material.benchmark.garments.values()}

    def example(self, item: int) -> Example:
        truth = self.material.truth
        garment = self.known[int(truth.category_ids[item])]
        row = int(truth.images.rows(truth.image_ids[item : item + 1])[0])
        name = truth.images.file_names[row] or f'image {truth.image_ids[item]}'
        picture, fault = self._picture(name)
        drawn = [self._drawn(item, garment, picture, judged) for judged in self.runs]
        captions = [self._caption(item, judged) for judged in self.runs]
        title = f'{name}, {garment.name}'
        return Example(
            tuple(drawn), f'{title} ({fault})' if fault else title, tuple(captions)
        )

    def _picture(self, name: str) -> tuple[np.ndarray | None, str]:
        if self.root is None:
            return None, ''
        try:
            return read_picture(self.root / name), ''
        except (OSError, PictureError):
            return None, 'the picture cannot be read'

    def _window(self, item: int, picture: np.ndarray | None) -> np.ndarray:
        """What is shown of the picture: corners, (2, 2), int, alike for all runs."""
        truth = self.material.truth
        places = slice(truth.starts[item], truth.starts[item + 1])
        x, y, width, height = truth.boxes[item]
        size = np.array([width, height])
        box = np.array([[x, y], [x + width, y + height]])
        found = [judged.analysis.found_points[places] for judged in self.runs]
        shown = np.concatenate((box, *found))
        shown = shown[np.isfinite(shown).all(axis=1)]
        shown = shown.clip(box[0] - _REACH * size, box[1] + _REACH * size)
        low = np.floor(shown.min(axis=0) - _MARGIN * size)
        high = np.ceil(shown.max(axis=0) + _MARGIN * size)
        if picture is not None:
            limits = np.array(picture.shape[1::-1])
            low, high = low.clip(0, limits - 1), high.clip(1, limits)
        return np.stack((low, np.maximum(high, low + 1))).astype(int)

    def _drawn(
        self,
        item: int,
        garment: garments.Garment,
        picture: np.ndarray | None,
        judged: Judged,
    ) -> str:
        truth = self.material.truth
        places = slice(truth.starts[item], truth.starts[item + 1])
        labelled = truth.points[places]
        found = judged.analysis.found_points[places]
        low, high = self._window(item, picture)
        scale = _SIDE / (high - low).max()
        width, height = np.maximum(np.round((high - low) * scale), 1).astype(int)
        if picture is None:
            canvas = np.full((height, width, 3), _EMPTY, np.uint8)
        else:
            part = picture[low[1] : high[1], low[0] : high[0]]
            canvas = cv2.resize(part, (width, height), interpolation=cv2.INTER_AREA)
        canvas = draw_truth(
            canvas, (labelled[:, :2] - low) * scale, labelled[:, 2] > 0, radius=5
        )
        if np.isfinite(found).all():
            canvas = draw_keypoints(
                canvas, (found - low) * scale, garment, radius=3, thickness=1
            )
        options = [cv2.IMWRITE_JPEG_QUALITY, _QUALITY]
        data = cv2.imencode('.jpg', canvas, options)[1].tobytes()
        return f'data:image/jpeg;base64,{base64.b64encode(data).decode()}'

    def _caption(self, item: int, judged: Judged) -> str:
        analysis, measure = judged.analysis, self.material.measure
        kind = analysis.pairing.item_types[item]
        if kind != FOUND:
            return GARMENT_TYPES[kind]
        starts = self.material.truth.starts
        types = analysis.types[starts[item] : starts[item + 1]]
        counts = np.bincount(types[types != UNSEEN], minlength=len(POINT_TYPES))
        said = [f'{n} {name}' for n, name in zip(counts, POINT_TYPES) if n]
        value = judged.quality[item] if measure.rises else -judged.quality[item]
        name = 'OKS' if measure.rises else measure.name
        return f'{name} {value:.3f}: {", ".join(said)}'
