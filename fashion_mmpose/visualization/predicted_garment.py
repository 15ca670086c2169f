"""One garment as it was predicted: its picture, its error, its coordinates."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from terminaltables import AsciiTable

from fashion_mmpose import garments
from fashion_mmpose.evaluation.functional.normalized_error import normalized_error
from fashion_mmpose.files.pictures import read_picture
from fashion_mmpose.garments.layout import full_layout, own_points

from .drawing import draw_keypoints, draw_truth, picture_grid

# Points are drawn some pixels wide; larger pictures are shrunk before.
_MAX_SIDE = 640


@dataclass(frozen=True, eq=False)
class PredictedGarment:
    """A FashionAI garment, its predicted key points and, where known, the true ones.

    K: key points of its category. All positions are pixels of the picture.

    Attributes:
        path: The picture.
        garment: The category.
        points: Shape (K, 2).
        scores: Shape (K, ).
        truth: x, y, v in COCO's form (v > 0 is labelled), shape (K, 3); None where
            nobody knows.
    """

    path: str
    garment: garments.Garment
    points: np.ndarray
    scores: np.ndarray
    truth: np.ndarray | None = None

    @classmethod
    def from_layout(
        cls,
        path: str,
        category_id: int,
        keypoints: np.ndarray,
        annotation: Mapping | None = None,
    ) -> 'PredictedGarment':
        """The garment's own points among those of a network or a file.

        Args:
            path: The picture.
            category_id: Category id of the garment.
            keypoints: x, y, score, shape (K, 3), or (24, 3) in the full layout.
            annotation: A COCO annotation of either layout; None, or one without
                ``keypoints``, where the truth is not known.

        Raises:
            ValueError: If the category is unknown, the annotation is of another
                one, or a number of points fits neither layout.
        """
        garment = garments.category_of_id('fashionai', category_id)
        own = own_points(np.asarray(keypoints), garment, f'the prediction of {path}')
        truth = None
        if annotation is not None and 'keypoints' in annotation:
            annotated = annotation.get('category_id', category_id)
            if annotated != category_id:
                raise ValueError(
                    f'{path}: predicted as category {category_id}, annotated as '
                    f'{annotated}'
                )
            truth = np.reshape(annotation['keypoints'], (-1, 3)).astype(float)
            truth = own_points(truth, garment, f'the annotation of {path}')
        return cls(path, garment, own[:, :2], own[:, 2], truth)

    @property
    def error(self) -> float:
        """Normalized error as a fraction; NaN where nothing is counted."""
        if self.truth is None:
            return float('nan')
        return normalized_error(
            full_layout(self.points, self.garment)[None],
            full_layout(self.truth, self.garment, absent=0)[None],
            np.array([self.garment.category_id]),
        ).ne

    def draw(self) -> np.ndarray:
        """The picture with the points and, as rings, the labelled true ones.

        Returns:
            np.ndarray: BGR, uint8; a picture of more than 640 pixels is shrunk.

        Raises:
            PictureError: If the picture cannot be read.
        """
        picture = read_picture(self.path)
        scale = min(1.0, _MAX_SIDE / max(picture.shape[:2]))
        if scale < 1:
            picture = cv2.resize(
                picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA
            )
        if self.truth is not None:
            labelled = self.truth[:, 2] > 0
            picture = draw_truth(picture, self.truth[:, :2] * scale, labelled)
        return draw_keypoints(picture, self.points * scale, self.garment)

    def table(self, title: str = '') -> str:
        """The coordinates as text, a line per key point, beside the true ones."""
        rows = [['key point', 'x', 'y', 'score']]
        if self.truth is not None:
            rows[0] += ['true x', 'true y', 'off (px)']
        for i, name in enumerate(self.garment.keypoints):
            row = [name, *(f'{value:.1f}' for value in self.points[i])]
            row.append(f'{self.scores[i]:.2f}')
            if self.truth is not None and self.truth[i, 2] > 0:
                true_xy = self.truth[i, :2]
                off = np.linalg.norm(self.points[i] - true_xy)
                row += [f'{value:.1f}' for value in (*true_xy, off)]
            elif self.truth is not None:
                row += ['-'] * 3
            rows.append(row)
        table = AsciiTable(rows, title)
        for column in range(1, len(rows[0])):
            table.justify_columns[column] = 'right'
        return table.table


def garment_grid(
    shown: Sequence[PredictedGarment], columns: int = 4, cell: int = 320
) -> np.ndarray:
    """Predicted garments side by side, with numbers from 1, category and error.

    Args:
        shown: The garments.
        columns: Pictures a row.
        cell: Side of a cell, in pixels.

    Returns:
        np.ndarray: BGR, uint8.

    Raises:
        FileNotFoundError: If a picture cannot be read.
        ValueError: If there is no garment.
    """
    captions = []
    for number, item in enumerate(shown, 1):
        error = '' if np.isnan(item.error) else f', NE {100 * item.error:.1f} %'
        captions.append(f'{number}: {item.garment.name}{error}')
    pictures = [item.draw() for item in shown]
    return picture_grid(pictures, columns, cell, captions)
