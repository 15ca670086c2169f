"""DeepFashion2's raw annotations: one JSON an image, one entry per garment."""

import json
import math
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import msgspec
import numpy as np

from fashion_mmpose import garments

from .errors import FormatError
from .full_layout import own_points
from .outputs import OutputFiles

BENCHMARK = 'deepfashion2'
Number = int | float
Level = Annotated[int, msgspec.Meta(ge=1, le=3)]
_ITEM = re.compile(r'item(\d+)')


class RawItem(msgspec.Struct, omit_defaults=True):
    """A garment in a picture.

    Attributes:
        category_id: 1 to 13.
        category_name: The benchmark's own, e.g. ``'short sleeve top'``.
        bounding_box: x1, y1, x2, y2 in pixels.
        landmarks: x, y in pixels and v (2 visible, 1 occluded, 0 not labelled) of the
            category's K landmarks.
        segmentation: Polygons: x and y in turn, in pixels.
        style: Number of the style among the garments of the same ``pair_id``; 0 for
            none.
        scale: Share of the picture: 1 small, 2 modest, 3 large.
        occlusion: 1 slight or none, 2 medium, 3 heavy.
        zoom_in: 1 none, 2 medium, 3 large.
        viewpoint: 1 not worn, 2 from the front, 3 from the side or behind.
    """

    category_id: int
    bounding_box: tuple[Number, Number, Number, Number]
    landmarks: list[Number]
    style: int = 0
    segmentation: list[list[Number]] = []
    category_name: str | None = None
    scale: Level | None = None
    occlusion: Level | None = None
    zoom_in: Level | None = None
    viewpoint: Level | None = None


@dataclass(frozen=True)
class RawImage:
    """The annotation of a picture.

    Attributes:
        source: ``'shop'`` or ``'user'``.
        pair_id: Common number of the pictures that show the same garments.
        items: The garments, in the order of their numbers.
    """

    source: str
    pair_id: int
    items: tuple[RawItem, ...]


def raw_category_name(category: str) -> str:
    """The benchmark's own name: 'short_sleeved_shirt' is its 'short sleeve top'."""
    words = category.replace('sleeved', 'sleeve').split('_')
    return ' '.join('top' if word == 'shirt' else word for word in words)


# --------------------------------------------------------------------------- reading


def read_raw(path: str | os.PathLike, skipped: list[str] | None = None) -> RawImage:
    """Read and check a picture's annotation.

    Args:
        path: The JSON.
        skipped: A list for what is wrong with garments, which are then left out;
            without one they are an error. Defaults to None.

    Raises:
        FormatError: If the file is not such an annotation; the message names the file,
            the garment and the field.
        OSError: If it cannot be opened.
    """
    try:
        content = msgspec.json.decode(
            Path(path).read_bytes(), type=dict[str, msgspec.Raw]
        )
    except msgspec.MsgspecError as error:
        raise FormatError(f'{path} is not a DeepFashion2 annotation: {error}') from None
    pair_id = _field(path, content, 'pair_id', int)
    source = _field(path, content, 'source', str)
    found = [(int(m[1]), key) for key in content if (m := _ITEM.fullmatch(key))]
    items = []
    for _, key in sorted(found):
        try:
            items.append(_item(content[key]))
        except (msgspec.MsgspecError, FormatError) as error:
            problem = f'{path}: {key}: {error}'
            if skipped is None:
                raise FormatError(problem) from None
            skipped.append(problem)
    return RawImage(source, pair_id, tuple(items))


def _field(path, content: Mapping[str, msgspec.Raw], name: str, kind: type):
    if name not in content:
        raise FormatError(f'{path}: {name} is missing')
    try:
        return msgspec.json.decode(content[name], type=kind)
    except msgspec.MsgspecError as error:
        raise FormatError(f'{path}: {name}: {error}') from None


def _item(raw: msgspec.Raw) -> RawItem:
    item = msgspec.json.decode(raw, type=RawItem)
    try:
        garment = garments.category_of_id(BENCHMARK, item.category_id)
    except ValueError as error:
        raise FormatError(f'category_id: {error}') from None
    name = raw_category_name(garment.name)
    if item.category_name is not None and item.category_name.lower() != name:
        raise FormatError(
            f'category_name is {item.category_name!r}, but category_id '
            f'{item.category_id} is a {name!r}'
        )
    num_keypoints = len(garment.channels)
    if len(item.landmarks) != 3 * num_keypoints:
        raise FormatError(
            f'landmarks has {len(item.landmarks)} numbers; a {name} has '
            f'{num_keypoints} landmarks of three each'
        )
    for index, v in enumerate(item.landmarks[2::3], 1):
        if v not in (0, 1, 2):
            raise FormatError(f'landmarks: v of landmark {index} is {v}, not 0, 1 or 2')
    x1, y1, x2, y2 = item.bounding_box
    if x2 <= x1 or y2 <= y1:
        raise FormatError(
            f'bounding_box {list(item.bounding_box)} is empty: x1, y1, x2, y2 with '
            'x1 < x2 and y1 < y2 are expected'
        )
    numbers = (*item.landmarks, *item.bounding_box)
    if not all(map(math.isfinite, numbers)):
        raise FormatError('landmarks and bounding_box must be finite numbers')
    return item


# --------------------------------------------------------------------------- writing


def write_raw(
    path: str | os.PathLike, items: Sequence[RawItem], source: str, pair_id: int
) -> None:
    """Write a picture's annotation, complete or not at all.

    Args:
        path: The JSON, e.g. ``000001.json`` for ``000001.jpg``.
        items: The garments.
        source: ``'shop'`` or ``'user'``.
        pair_id: Common number of the pictures that show the same garments.
    """
    named = {f'item{i}': item for i, item in enumerate(items, 1)}
    content = {'source': source, 'pair_id': pair_id, **named}
    with OutputFiles() as outputs:
        outputs.open_binary(path).write(msgspec.json.encode(content))


def coco_to_raw(path: str | os.PathLike, out_dir: str | os.PathLike) -> int:
    """Write a COCO file's annotations as the benchmark's own files.

    What COCO lacks is taken from the entries' extra fields where they have it. Of the
    rest, ``scale``, ``occlusion`` and ``zoom_in`` follow from the box and the
    landmarks, see :func:`levels`; ``source`` is ``'user'``, and ``viewpoint``, which
    nothing tells, is left out.

    Args:
        path: A COCO file in the layout of 294 landmarks.
        out_dir: Folder for ``000001.json`` and so on, by the images' ids.

    Returns:
        int: How many files were written: one for every image with a garment.

    Raises:
        FormatError: If an annotation has another number of key points, or is of no
            image of the file.
    """
    content = json.loads(Path(path).read_text(encoding='utf-8'))
    images = {image['id']: image for image in content['images']}
    by_image = {}
    for annotation in sorted(content['annotations'], key=lambda entry: entry['id']):
        if annotation['image_id'] not in images:
            raise FormatError(
                f'{path}: annotation {annotation["id"]} is of image '
                f'{annotation["image_id"]}, which the file does not list'
            )
        by_image.setdefault(annotation['image_id'], []).append(annotation)
    for image_id, annotations in by_image.items():
        image = images[image_id]
        write_raw(
            Path(out_dir) / f'{image_id:06d}.json',
            [_raw_item(path, annotation, image) for annotation in annotations],
            annotations[0].get('source', 'user'),
            annotations[0].get('pair_id', 0),
        )
    return len(by_image)


def _raw_item(path, annotation: Mapping, image: Mapping) -> RawItem:
    garment = garments.category_of_id(BENCHMARK, annotation['category_id'])
    points = np.array(annotation['keypoints'], float).reshape(-1, 3)
    points = own_points(points, garment, f'{path}: annotation {annotation["id"]}')
    x, y, width, height = annotation['bbox']
    visibility = points[:, 2]
    derived = levels(width * height / (image['width'] * image['height']), visibility)
    return RawItem(
        category_id=garment.category_id,
        category_name=raw_category_name(garment.name),
        style=annotation.get('style', 0),
        bounding_box=tuple(map(compact, (x, y, x + width, y + height))),
        landmarks=[compact(value) for value in points.ravel().tolist()],
        segmentation=[
            [compact(value) for value in polygon]
            for polygon in annotation.get('segmentation', [])
        ],
        viewpoint=annotation.get('viewpoint'),
        **{key: annotation.get(key, value) for key, value in derived.items()},
    )


def levels(box_share: float, visibility: np.ndarray) -> dict[str, int]:
    """What an annotation says of a garment in three steps.

    The limits are ours: the benchmark's paper describes the steps, annotators chose
    them.

    Args:
        box_share: Area of the box as a share of the picture.
        visibility: v of the landmarks, 0, 1 or 2, shape (K, ).

    Returns:
        dict: ``scale``, ``occlusion`` (by the share of labelled landmarks that are
        occluded) and ``zoom_in`` (by the share of landmarks that are not labelled).
    """
    visibility = np.asarray(visibility)
    labelled = max(1, int((visibility > 0).sum()))
    return dict(
        scale=_level(box_share, 0.1, 0.4),
        occlusion=_level((visibility == 1).sum() / labelled, 0.2, 0.5),
        zoom_in=_level((visibility == 0).mean(), 0.2, 0.5),
    )


def _level(share: float, medium: float, high: float) -> int:
    return 1 + int(share >= medium) + int(share >= high)


def compact(number: Number) -> Number:
    """The number, as an integer if it is whole: 12.0 is 12."""
    return int(number) if float(number).is_integer() else number
