"""A predicted garment beside the true one: picture, error and coordinates."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from terminaltables import AsciiTable

from fashion_mmpose import garments
from fashion_mmpose.evaluation.functional.normalized_error import normalized_error
from fashion_mmpose.evaluation.functional.oks.matching import point_similarity
from fashion_mmpose.evaluation.functional.samples import annotated_garment
from fashion_mmpose.files.pictures.pixels import read_picture
from fashion_mmpose.garments.layout import full_layout

from .drawing import draw_keypoints, draw_truth, picture_grid

# Points are drawn some pixels wide; larger pictures are shrunk before.
_MAX_SIDE = 640


@dataclass(frozen=True, eq=False)
class ComparedGarment:
    """A predicted garment and, where it is known, the truth about it.

    K: key points of its category.

    Attributes:
        prediction: The garment.
        truth: x, y in pixels of the picture and COCO's visibility (v > 0 is labelled)
            of its key points, shape (K, 3); None where nobody knows.
        area: Of the annotated garment in square pixels, by which the similarity
            measures distances; NaN where nobody knows.
    """

    prediction: garments.GarmentPrediction
    truth: np.ndarray | None = None
    area: float = math.nan

    @classmethod
    def with_annotation(
        cls, prediction: garments.GarmentPrediction, annotation: Mapping | None
    ) -> 'ComparedGarment':
        """A prediction beside its annotation.

        Args:
            prediction: The garment.
            annotation: A COCO annotation in the layout of the category or of the
                benchmark; None, or one without ``keypoints``, where the truth is not
                known.

        Raises:
            ValueError: If the annotation is of another category, or its number of
                points fits neither layout.
        """
        if annotation is None or 'keypoints' not in annotation:
            return cls(prediction)
        if annotation['category_id'] != prediction.garment.category_id:
            raise ValueError(
                f'{prediction.image}: predicted as {prediction.category}, annotated as '
                f'category {annotation["category_id"]}'
            )
        what = f'the annotation of {prediction.image}'
        _, truth = annotated_garment(annotation, prediction.table, what)
        return cls(prediction, truth, annotation.get('area', math.nan))

    @property
    def has_normalizer(self) -> bool:
        """Whether its error is the normalized one."""
        return self.prediction.garment.normalizer is not None

    @property
    def error(self) -> float:
        """How far off it is; NaN if nothing is counted.

        The normalized error, a fraction of the garment's width, of categories that have
        a normaliser, as FashionAI's; of others what the object key point similarity
        lacks to 1.
        """
        if self.truth is None:
            return math.nan
        if self.has_normalizer:
            return self._normalized_error(self.truth)
        if not (self.truth[:, 2] > 0).any():
            return math.nan
        similarity = point_similarity(
            self.prediction.keypoints[None],
            self.truth[None],
            np.array([self.area]),
            self.prediction.garment.sigmas,
        )
        return 1 - float(similarity[0])

    def _normalized_error(self, truth: np.ndarray) -> float:
        garment = self.prediction.garment
        return normalized_error(
            full_layout(self.prediction.keypoints, garment)[None],
            full_layout(truth, garment, absent=0)[None],
            np.array([garment.category_id]),
            dataset=self.prediction.table,
        ).ne

    @property
    def measured(self) -> str:
        """The category's measure: ``'NE 8.3 %'`` or ``'OKS 0.87'``; ``'NE -'`` where
        nothing is counted.
        """
        if self.has_normalizer:
            return 'NE -' if math.isnan(self.error) else f'NE {100 * self.error:.1f} %'
        return 'OKS -' if math.isnan(self.error) else f'OKS {1 - self.error:.2f}'

    def draw(self) -> np.ndarray:
        """The picture with the points and, as rings, the labelled true ones.

        Returns:
            np.ndarray: BGR, uint8; a picture of more than 640 pixels is shrunk.

        Raises:
            PictureError: If the picture cannot be read.
        """
        picture = read_picture(str(self.prediction.image))
        scale = min(1.0, _MAX_SIDE / max(picture.shape[:2]))
        if scale < 1:
            picture = cv2.resize(
                picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA
            )
        if self.truth is not None:
            labelled = self.truth[:, 2] > 0
            picture = draw_truth(picture, self.truth[:, :2] * scale, labelled)
        points = self.prediction.keypoints * scale
        return draw_keypoints(picture, points, self.prediction.garment)

    def table(self, title: str = '') -> str:
        """The coordinates as text, a line per key point, beside the true ones."""
        rows = [['key point', 'x', 'y', 'score']]
        if self.truth is not None:
            rows[0] += ['true x', 'true y', 'off (px)']
        points = self.prediction.keypoints
        for i, name in enumerate(self.prediction.names):
            row = [name, *(f'{value:.1f}' for value in points[i])]
            row.append(f'{self.prediction.scores[i]:.2f}')
            if self.truth is not None and self.truth[i, 2] > 0:
                true_xy = self.truth[i, :2]
                off = np.linalg.norm(points[i] - true_xy)
                row += [f'{value:.1f}' for value in (*true_xy, off)]
            elif self.truth is not None:
                row += ['-'] * 3
            rows.append(row)
        table = AsciiTable(rows, title)
        for column in range(1, len(rows[0])):
            table.justify_columns[column] = 'right'
        return table.table


def garment_grid(
    shown: Sequence[ComparedGarment], columns: int = 4, cell: int = 320
) -> np.ndarray:
    """Predicted garments side by side, with numbers from 1, category and measure.

    Args:
        shown: The garments.
        columns: Pictures a row.
        cell: Side of a cell, in pixels.

    Returns:
        np.ndarray: BGR, uint8.

    Raises:
        PictureError: If a picture cannot be read.
        ValueError: If there is no garment.
    """
    captions = []
    for number, item in enumerate(shown, 1):
        measured = '' if math.isnan(item.error) else f', {item.measured}'
        captions.append(f'{number}: {item.prediction.category}{measured}')
    pictures = [item.draw() for item in shown]
    return picture_grid(pictures, columns, cell, captions)
