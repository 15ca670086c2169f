"""DeepFashion2's raw annotations: one JSON an image, one entry per garment."""

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import msgspec
import numpy as np

from fashion_mmpose import garments
from fashion_mmpose.errors import FormatError
from fashion_mmpose.files.json_file import BOM, decode, read_json
from fashion_mmpose.files.writing.outputs import OutputFiles
from fashion_mmpose.formats.category_names import raw_category_name
from fashion_mmpose.formats.coco.geometry import MAX_PX
from fashion_mmpose.garments.layout import own_points

BENCHMARK = 'deepfashion2'
_FAR = 10**9  # no number of a style is that high
Whole = Annotated[int, msgspec.Meta(ge=-_FAR, le=_FAR)]
Number = (
    Annotated[int, msgspec.Meta(ge=-MAX_PX, le=MAX_PX)]
    | Annotated[float, msgspec.Meta(ge=-MAX_PX, le=MAX_PX)]
)
Level = Annotated[int, msgspec.Meta(ge=1, le=3)]
_ITEM = re.compile(r'item([0-9]{1,9})')


class RawItem(msgspec.Struct):
    """A garment in a picture.

    Attributes:
        category_id: 1 to 13.
        category_name: The benchmark's own, e.g. ``'short sleeve top'``; it is written
            even if it is None here.
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

    category_id: Whole
    bounding_box: tuple[Number, Number, Number, Number]
    landmarks: list[Number]
    style: Whole
    segmentation: list[list[Number]]
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
        content = decode(
            Path(path).read_bytes().removeprefix(BOM), dict[str, msgspec.Raw]
        )
    except msgspec.MsgspecError as error:
        raise FormatError(f'{path} is not a DeepFashion2 annotation: {error}') from None
    pair_id = _field(path, content, 'pair_id', Whole)
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


def _field(path, content: Mapping[str, msgspec.Raw], name: str, kind):
    if name not in content:
        raise FormatError(f'{path}: {name} is missing')
    try:
        return decode(content[name], kind)
    except msgspec.MsgspecError as error:
        raise FormatError(f'{path}: {name}: {error}') from None


def _item(raw: msgspec.Raw) -> RawItem:
    item = decode(raw, RawItem)
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
    named = {f'item{i}': _fields(item) for i, item in enumerate(items, 1)}
    content = {'source': source, 'pair_id': pair_id, **named}
    with OutputFiles() as outputs:
        outputs.open_binary(path).write(msgspec.json.encode(content))


def _fields(item: RawItem) -> dict:
    garment = garments.category_of_id(BENCHMARK, item.category_id)
    content = msgspec.structs.asdict(item)
    content['category_name'] = item.category_name or raw_category_name(garment.name)
    return {key: value for key, value in content.items() if value is not None}


def coco_to_raw(coco: str | os.PathLike | Mapping, out_dir: str | os.PathLike) -> int:
    """Write a COCO file's annotations as the benchmark's own files.

    What COCO lacks is taken from the entries' extra fields where they have it. Of the
    rest, ``scale``, ``occlusion`` and ``zoom_in`` follow from the box and the
    landmarks, see :func:`levels`; ``source`` is ``'user'``, and ``viewpoint``, which
    nothing tells, is left out. Converted back, annotations are the same but for their
    ids, which count anew, and ``area`` and ``iscrowd``, which the benchmark lacks.

    Args:
        coco: A COCO file, or what it holds, in the layout of 294 landmarks or of the K
            of each annotation's category.
        out_dir: Folder for ``000001.json`` and so on, by the images' ids.

    Returns:
        int: How many files were written: one for every image.

    Raises:
        FormatError: If an entry lacks a field, an annotation has another number of key
            points or is of no image of the file, or those of an image differ in
            ``pair_id`` or ``source``. No file is written then.
        OSError: If a file cannot be read or written.
    """
    name = 'the COCO content'
    if not isinstance(coco, Mapping):
        name = os.fspath(coco)
        coco = read_json(coco)
    at = name
    try:
        images = {image['id']: image for image in coco['images']}
        by_image = {image_id: [] for image_id in images}
        for annotation in sorted(coco['annotations'], key=lambda entry: entry['id']):
            at = f'{name}: annotation {annotation["id"]}'
            if annotation['image_id'] not in images:
                raise FormatError(
                    f'{at} is of image {annotation["image_id"]}, which the file does '
                    'not list'
                )
            item = _raw_item(at, annotation, images[annotation['image_id']])
            by_image[annotation['image_id']].append((annotation, item))
    except FormatError:
        raise
    except KeyError as error:
        raise FormatError(f'{at}: {error} is missing') from None
    except (AttributeError, TypeError, ValueError, ZeroDivisionError) as error:
        raise FormatError(f'{at} is not what COCO has there: {error}') from None
    # They become the names of files.
    odd = [i for i in images if type(i) is not int or not 0 <= i <= _FAR]
    if odd:
        raise FormatError(f'{name}: the id of image {odd[0]!r} is no whole number')
    shared = {
        image_id: {
            key: _same(f'{name}: image {image_id}', key, found, default)
            for key, default in (('source', 'user'), ('pair_id', 0))
        }
        for image_id, found in by_image.items()
    }
    for image_id, found in by_image.items():
        path = Path(out_dir) / f'{image_id:06d}.json'
        write_raw(path, [item for _, item in found], **shared[image_id])
    return len(by_image)


def _same(at: str, key: str, found: Sequence[tuple[Mapping, RawItem]], default):
    """What the annotations of an image have in common."""
    values = {annotation.get(key, default) for annotation, _ in found} or {default}
    if len(values) > 1:
        raise FormatError(f'{at}: its annotations differ in {key}: {sorted(values)}')
    return values.pop()


def _raw_item(at: str, annotation: Mapping, image: Mapping) -> RawItem:
    garment = garments.category_of_id(BENCHMARK, annotation['category_id'])
    points = np.array(annotation['keypoints'], float).reshape(-1, 3)
    points = own_points(points, garment, at)
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


def compact(number: int | float) -> int | float:
    """The number, as an integer if it is whole: 12.0 is 12."""
    return int(number) if float(number).is_integer() else number
