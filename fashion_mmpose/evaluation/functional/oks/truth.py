"""The ground truth of the landmark score, where it is not simply a file's."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import compress

import numpy as np

from fashion_mmpose import garments
from fashion_mmpose.evaluation.functional.samples import annotated_garment
from fashion_mmpose.formats.coco.columns import (
    GarmentColumns,
    ImageColumns,
    labelled_counts,
)


def is_ignored(truth: GarmentColumns) -> np.ndarray:
    """Which items are neither missed nor wrongly found, shape (N, ), bool."""
    return (truth.num_keypoints == 0) | truth.iscrowd


def count_garments(
    truth: GarmentColumns,
    categories: Sequence[str],
    benchmark: garments.Named = 'deepfashion2',
) -> int:
    """How many garments of some categories of a benchmark are to be found."""
    known = garments.benchmark(benchmark).garments
    held = [known[name].category_id for name in categories]
    return int((np.isin(truth.category_ids, held) & ~is_ignored(truth)).sum())


def scored_part(
    truth: GarmentColumns, samples: Iterable[tuple[int, int | None]]
) -> GarmentColumns:
    """The pictures that were tested, with the garments that could be found there.

    Args:
        truth: Images and annotated garments.
        samples: Of each sample the image's id and, if the sample is an annotated
            garment in its own box, the annotation's id; None for a detector's box and
            for a picture that was tested without any.

    Returns:
        GarmentColumns: The images of the samples. Where all samples of an image are
        annotated garments, these alone are to be found, because nobody asked for the
        others; elsewhere all garments of the image are. Ignored items stay.
    """
    samples = set(samples)
    images = _ids(image_id for image_id, _ in samples)
    searched = _ids(image_id for image_id, item_id in samples if item_id is None)
    asked_for = _ids(item_id for _, item_id in samples if item_id is not None)
    kept = np.isin(truth.image_ids, images) & (
        np.isin(truth.image_ids, searched)
        | np.isin(truth.ids, asked_for)
        | is_ignored(truth)
    )
    return take(truth, kept, np.isin(truth.images.ids, images))


def _ids(ids: Iterable[int]) -> np.ndarray:
    return np.fromiter(ids, np.int64)


def take(
    truth: GarmentColumns, item_mask: np.ndarray, image_mask: np.ndarray | None = None
) -> GarmentColumns:
    """A part of the ground truth.

    Args:
        truth: I images and N annotated garments.
        item_mask: The garments to keep, shape (N, ), bool.
        image_mask: The images to keep, shape (I, ), bool; all by default.
    """
    if image_mask is None:
        image_mask = np.ones(len(truth.images.ids), bool)
    images, sizes = truth.images, np.diff(truth.starts)
    return GarmentColumns(
        images=ImageColumns(
            ids=images.ids[image_mask],
            widths=images.widths[image_mask],
            heights=images.heights[image_mask],
            file_names=list(compress(images.file_names, image_mask)),
            category_ids=images.category_ids[image_mask],
        ),
        ids=truth.ids[item_mask],
        image_ids=truth.image_ids[item_mask],
        category_ids=truth.category_ids[item_mask],
        boxes=truth.boxes[item_mask],
        areas=truth.areas[item_mask],
        iscrowd=truth.iscrowd[item_mask],
        num_keypoints=truth.num_keypoints[item_mask],
        points=truth.points[np.repeat(item_mask, sizes)],
        starts=np.cumsum([0, *sizes[item_mask]]),
    )


def visible_only(truth: GarmentColumns) -> GarmentColumns:
    """The ground truth without its occluded landmarks, as if they were not labelled."""
    points = truth.points.copy()
    points[points[:, 2] != 2] = 0
    return replace(
        truth, points=points, num_keypoints=labelled_counts(points, truth.starts)
    )


def compact_annotation(annotation: Mapping, benchmark: garments.Named) -> dict:
    """What is scored of a COCO annotation, as :func:`annotation_columns` takes it.

    Args:
        annotation: ``id``, ``image_id``, ``category_id``, ``bbox`` (xywh), ``area``,
            ``iscrowd``, ``num_keypoints`` and ``keypoints``, those of its category or
            of the full layout.
        benchmark: A benchmark, or the name of a built-in one.

    Returns:
        dict: The same; ``keypoints`` are the own ones, an array (K, 3).

    Raises:
        FormatError: If the number of key points fits neither layout.
    """
    what = f'annotation {annotation["id"]}'
    _, keypoints = annotated_garment(annotation, benchmark, what)
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
