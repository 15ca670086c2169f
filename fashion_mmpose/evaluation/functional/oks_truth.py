"""The ground truth of the landmark score, where it is not simply a file's."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from fashion_mmpose import garments
from fashion_mmpose.formats.coco.columns import (
    GarmentColumns,
    ImageColumns,
    labelled_counts,
)
from fashion_mmpose.garments.layout import own_points


def visible_only(truth: GarmentColumns) -> GarmentColumns:
    """The ground truth without its occluded landmarks, as if they were not labelled."""
    points = truth.points.copy()
    points[points[:, 2] != 2] = 0
    return replace(
        truth, points=points, num_keypoints=labelled_counts(points, truth.starts)
    )


def compact_annotation(annotation: Mapping, benchmark: str) -> dict:
    """What is scored of a COCO annotation, as :func:`annotation_columns` takes it.

    Args:
        annotation: ``id``, ``image_id``, ``category_id``, ``bbox`` (xywh), ``area``,
            ``iscrowd``, ``num_keypoints`` and ``keypoints``, those of its category or
            of the full layout.
        benchmark: A benchmark of the table.

    Returns:
        dict: The same; ``keypoints`` are the own ones, an array (K, 3).

    Raises:
        FormatError: If the number of key points fits neither layout.
    """
    garment = garments.category_of_id(benchmark, annotation['category_id'])
    keypoints = np.array(annotation['keypoints'], float).reshape(-1, 3)
    keypoints = own_points(keypoints, garment, f'annotation {annotation["id"]}')
    plain = ('id', 'image_id', 'category_id', 'bbox', 'area', 'iscrowd')
    return {name: annotation[name] for name in plain} | dict(
        num_keypoints=annotation['num_keypoints'], keypoints=keypoints
    )


def annotation_columns(
    annotations: Sequence[dict], image_ids: Sequence[int]
) -> GarmentColumns:
    """Annotations in memory as :func:`read_columns` reads them from a file.

    Args:
        annotations: See :func:`compact_annotation`; repeated ones count once.
        image_ids: All images, also those without annotation.
    """
    items = list({item['id']: item for item in annotations}.values())
    ids = np.unique(np.array(image_ids, np.int64))
    sizes = np.zeros(len(ids), np.int32)

    def column(name: str, dtype: type) -> np.ndarray:
        return np.array([item[name] for item in items], dtype)

    points = [item['keypoints'] for item in items]
    return GarmentColumns(
        images=ImageColumns(
            ids=ids,
            widths=sizes,
            heights=sizes,
            file_names=[''] * len(ids),
            category_ids=sizes.astype(np.int16),
        ),
        ids=column('id', np.int64),
        image_ids=column('image_id', np.int64),
        category_ids=column('category_id', np.int16),
        boxes=column('bbox', float).reshape(-1, 4),
        areas=column('area', float),
        iscrowd=column('iscrowd', bool),
        num_keypoints=column('num_keypoints', np.int32),
        points=np.concatenate(points) if points else np.zeros((0, 3)),
        starts=np.cumsum([0, *map(len, points)]),
    )
