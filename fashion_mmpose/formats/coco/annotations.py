"""COCO key point JSON, built from the table of garments."""

import os
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TextIO

import numpy as np

from fashion_mmpose import garments
from fashion_mmpose.files.json_file import JsonList, encode


def coco_categories(dataset: garments.Named, category: str | None = None) -> list[dict]:
    """The ``categories`` of a COCO file.

    Args:
        dataset: A benchmark, or the name of a built-in one.
        category: A category, for its one entry over its K key points; None for all
            categories, each over the benchmark's full layout.

    Returns:
        list[dict]: ``id``, ``name``, ``supercategory``, ``keypoints`` (names) and
        ``skeleton``: the category's own outline as pairs of key points, from 1.

    Raises:
        ValueError: If the benchmark or the category does not exist.
    """
    names = list(garments.keypoints(dataset, category))
    chosen = garments.categories(dataset) if category is None else [category]
    entries = []
    for garment in (garments.garment(dataset, name) for name in chosen):
        place = {local: names.index(n) + 1 for local, n in enumerate(garment.keypoints)}
        entries.append(
            dict(
                id=garment.category_id,
                name=garment.name,
                supercategory='clothes',
                keypoints=names,
                skeleton=[[place[i], place[j]] for i, j in garment.links],
            )
        )
    return entries


def image_path(image: Mapping) -> str:
    """Where an entry of ``images`` lies below the folder of the pictures.

    ``file_name`` is the benchmark's id of the image. Where the file lies elsewhere,
    the converter says in which ``folder``, or at which ``path``.
    """
    folder, name = image.get('folder', ''), image['file_name']
    return image.get('path') or os.path.join(folder, name)


def keypoint_boxes(
    keypoints: np.ndarray, sizes_wh: np.ndarray, margin: int
) -> np.ndarray:
    """Boxes around the annotated key points.

    N: instances, K: key points. Everything is in pixels of the image, whose edges are
    at 0, width and height.

    Args:
        keypoints: x, y, v in COCO's form (v > 0 is annotated), shape (N, K, 3).
        sizes_wh: Width and height of every image, shape (N, 2).
        margin: Growth to every side, before the box is clipped to the image.

    Returns:
        np.ndarray: x, y, width, height, shape (N, 4), of the input's number type. An
        instance whose points span no area (none is annotated, or margin is 0 and they
        lie on one upright or level line) gets the whole image.
    """
    labelled = keypoints[..., 2:] > 0
    points = keypoints[..., :2]
    far = sizes_wh.max(initial=0) + 1
    low = np.where(labelled, points, far).min(axis=1) - margin
    high = np.where(labelled, points, -far).max(axis=1) + margin
    low = np.clip(low, 0, sizes_wh)
    high = np.clip(high, 0, sizes_wh)
    boxes = np.concatenate([low, high - low], axis=1)
    empty = ~labelled.any(axis=(1, 2)) | (boxes[:, 2:] <= 0).any(axis=1)
    boxes[empty, :2] = 0
    boxes[empty, 2:] = sizes_wh[empty]
    return boxes


def write_coco(
    file: TextIO,
    info: Mapping,
    categories: list[dict],
    images: Iterable[dict],
    annotations: Iterable[dict],
    encoder: Callable[[Any], str] = encode,
    more: Mapping[str, Any] | None = None,
) -> None:
    """Write a COCO file piece by piece, so that entries can be made on the way.

    Args:
        file: Open text file.
        info: The file's ``info``.
        categories: See :func:`coco_categories`.
        images: Entries of ``images``.
        annotations: Entries of ``annotations``.
        encoder: Makes JSON of the entries; see
            :class:`fashion_mmpose.files.json_file.JsonList`.
        more: Further entries of the file. Defaults to None.
    """
    file.write(f'{{"info":{encode(info)},"categories":{encode(categories)}')
    for key, value in (more or {}).items():
        file.write(f',{encode(key)}:{encode(value)}')
    for key, entries in (('images', images), ('annotations', annotations)):
        file.write(f',"{key}":')
        written = JsonList(file, encoder=encoder)
        written.extend(entries)
        written.close()
    file.write('}\n')
