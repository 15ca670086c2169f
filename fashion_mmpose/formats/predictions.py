"""Predictions on files: COCO's result list, and the Tianchi submission."""

import json
import os
from collections.abc import Mapping, Sequence

import numpy as np

from fashion_mmpose import garments

from .errors import FormatError
from .outputs import OutputFiles
from .tianchi import write_tianchi


def write_predictions(path: str | os.PathLike, predictions: Sequence[Mapping]) -> None:
    """Write a COCO result list, compact, complete or not at all.

    Args:
        path: The JSON file to write.
        predictions: Entries with ``image_id``, ``category_id``, ``bbox`` (xywh),
            ``score`` and ``keypoints`` (x, y, score of every key point), all in
            pixels of the original image.
    """
    with OutputFiles() as outputs:
        file = outputs.open(path)
        json.dump(list(predictions), file, separators=(',', ':'), allow_nan=False)
        file.write('\n')


def write_submission(
    path: str | os.PathLike,
    predictions: Sequence[Mapping],
    images: Sequence[Mapping],
) -> None:
    """Write the Tianchi CSV of FashionAI predictions, one row per image.

    Rows come in the order of ``images``. Of several predictions of one image the
    one with the highest ``score`` is written, among those of the category that is
    asked for. Own points are written with v = 1, the others as ``-1_-1_-1``.

    Args:
        path: The CSV file to write.
        predictions: As in :func:`write_predictions`, with K key points of the
            category or all 24.
        images: ``images`` of the COCO file that was tested, each with ``id``,
            ``file_name`` (the image id of the challenge) and ``category_id``.

    Raises:
        FormatError: If an image has no prediction of its category, a prediction is
            of an image that is not listed, or has another number of key points.
    """
    best = _best_predictions(predictions, images)
    missing = [image['file_name'] for image in images if image['id'] not in best]
    if missing:
        raise FormatError(
            f'{len(missing)} of {len(images)} images have no prediction of their '
            f'category, e.g. {missing[:3]}; predict them too'
        )
    num_keypoints = len(garments.keypoints('fashionai'))
    rows = np.full((len(images), num_keypoints, 3), -1.0)
    categories = []
    for row, image in zip(rows, images):
        garment = garments.category_of_id('fashionai', image['category_id'])
        categories.append(garment.name)
        points = np.reshape(best[image['id']]['keypoints'], (-1, 3))
        channels = list(garment.channels)
        if len(points) == num_keypoints:
            points = points[channels]
        elif len(points) != len(channels):
            raise FormatError(
                f'the prediction of {image["file_name"]} has {len(points)} key points; '
                f'{garment.name} has {len(channels)}, the full layout {num_keypoints}'
            )
        row[channels, :2] = points[:, :2]
        row[channels, 2] = 1
    write_tianchi(path, [image['file_name'] for image in images], categories, rows)


def _best_predictions(predictions, images) -> dict:
    asked = {image['id']: image['category_id'] for image in images}
    best = {}
    for prediction in predictions:
        image_id = prediction['image_id']
        if image_id not in asked:
            raise FormatError(
                f'a prediction is of image {image_id}, which the list of images does '
                'not have; give the list that was tested'
            )
        if prediction['category_id'] != asked[image_id]:
            continue
        if image_id not in best or prediction['score'] > best[image_id]['score']:
            best[image_id] = prediction
    return best
