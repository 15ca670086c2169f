"""A detector's boxes as the samples of a dataset."""

import logging
import os
from collections.abc import Callable, Sequence

import numpy as np
from mmengine.logging import print_log

from fashion_mmpose import garments
from fashion_mmpose.errors import FormatError
from fashion_mmpose.formats.coco.columns import GarmentColumns, ImageColumns
from fashion_mmpose.formats.coco.geometry import Boxes, check_boxes
from fashion_mmpose.formats.coco.results import check_pictures
from fashion_mmpose.formats.detectors.box_columns import BoxColumns, read_boxes

from .records import NOWHERE, Samples, whole_images, xywh_to_corners


def boxes_in_pictures(
    path: str | os.PathLike,
    ann_file: str | os.PathLike,
    images: ImageColumns,
    benchmark: garments.Benchmark,
) -> BoxColumns:
    """Read a detector's boxes in the pictures of an annotation file.

    Args:
        path: The boxes, a COCO result list.
        ann_file: The annotation file, for messages.
        images: Its images.
        benchmark: Whose categories are detected.

    Raises:
        FileNotFoundError: If there is no such file.
        FormatError: If the file is not what it should be, has a box in an image that is
            not listed, or numbers its pictures otherwise, as `predict` does.
    """
    boxes = read_boxes(path, benchmark)
    listed = zip(images.ids.tolist(), images.file_names)
    check_pictures(path, boxes.pictures, ann_file, listed, 'find boxes with `detect`')
    rows = images.rows(boxes.image_ids)
    strangers = np.flatnonzero(rows == NOWHERE)
    if len(strangers):
        raise FormatError(
            f'{path}: box {strangers[0]} is of image '
            f'{boxes.image_ids[strangers[0]]}, which {ann_file} does not list'
        )
    log_notes(
        check_boxes(
            Boxes(
                path,
                lambda index: f'box {index} (image {boxes.image_ids[index]})',
                boxes.boxes,
                images.sizes_wh[rows],
            )
        )
    )
    return boxes


def detected_samples(images: ImageColumns, boxes: BoxColumns) -> Samples:
    """The detector's boxes as samples without ground truth."""
    return Samples(
        ids=np.arange(len(boxes)),
        image_rows=images.rows(boxes.image_ids),
        item_rows=np.full(len(boxes), NOWHERE),
        category_ids=boxes.category_ids,
        boxes=xywh_to_corners(boxes.boxes),
        scores=boxes.scores.astype(np.float32),
    )


def best_boxes(
    columns: GarmentColumns,
    detected: Samples,
    holds: Callable[[np.ndarray], np.ndarray],
    bbox_file: str | os.PathLike,
    ann_file: str | os.PathLike,
) -> Samples:
    """For every image the best box of its own category, or the whole image.

    N: images.

    Args:
        columns: The images, each of which shows one garment, and their items.
        detected: The boxes.
        holds: Which of category ids (N, ) the dataset holds, bool (N, ).
        bbox_file: The file of the boxes, for the log.
        ann_file: The annotation file, for the error.

    Returns:
        Samples: One of each image, with its ground truth.

    Raises:
        FormatError: If an image shows several garments that the dataset holds.
    """
    images = columns.images
    held = np.flatnonzero(holds(columns.category_ids))
    image_rows = images.rows(columns.image_ids[held])
    counts = np.bincount(image_rows, minlength=len(images.ids))
    if (counts > 1).any():
        row = int(counts.argmax())
        first, second, *_ = columns.ids[held[image_rows == row]].tolist()
        raise FormatError(
            f'{ann_file}: image {images.ids[row]} shows {counts[row]} garments '
            f'(annotations {first}, {second}, ...), and a box of {bbox_file} may be of '
            'any of them; to fix it: one_per_image=False for the dataset, or leave one '
            'garment in each image'
        )
    item_rows = np.full(len(images.ids), NOWHERE)
    item_rows[image_rows] = held
    wanted = images.category_ids.copy()
    annotated = item_rows != NOWHERE
    wanted[annotated] = columns.category_ids[item_rows[annotated]]

    detected = detected.take(detected.category_ids == wanted[detected.image_rows])
    # Of equally good boxes the first: the order is stable.
    detected = detected.take(np.argsort(-detected.scores, kind='stable'))
    found, best = np.unique(detected.image_rows, return_index=True)
    detected = detected.take(best)

    missed = holds(wanted)
    missed[found] = False
    whole = whole_images(images, np.flatnonzero(missed), score=0.0)
    samples = detected + whole
    samples = samples.take(np.argsort(samples.image_rows))
    samples.category_ids[:] = wanted[samples.image_rows]
    # The ground truth goes with the box; the metric scores it.
    samples.item_rows[:] = item_rows[samples.image_rows]
    print_log(
        f'{bbox_file}: {len(detected)} images with a box of their category, '
        f'{len(whole)} without, tested as whole images',
        logger='current',
    )
    return samples


def log_notes(notes: Sequence[str]) -> None:
    """Warn in the log of what a reader has noticed in a file."""
    for note in notes:
        print_log(note, 'current', logging.WARNING)
