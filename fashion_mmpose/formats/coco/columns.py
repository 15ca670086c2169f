"""COCO key point JSON read into arrays: no object is kept per item.

DeepFashion2's training file has 312,186 items of 882 numbers, of which some 70 are an
item's own. As Python objects they need gigabytes; as columns a hundred megabytes, which
processes share without copies.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

import msgspec
import numpy as np

from fashion_mmpose import garments
from fashion_mmpose.errors import FormatError
from fashion_mmpose.files.inner_paths import inner_path
from fashion_mmpose.files.json_file import decode, map_file

from .annotations import image_path
from .geometry import Boxes, check_boxes, check_points
from .ids import fraction_hint
from .layout import CocoCategory, OwnNumbers, has_full_layout

Integer = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
Pixels = Annotated[int, msgspec.Meta(ge=1, le=2**31 - 1)]
_CHUNK = 2**16  # numbers

BoxXYWH = tuple[float, float, float, float]


@dataclass(frozen=True)
class ImageColumns:
    """The images of a file. I: images.

    Attributes:
        ids: Shape (I, ), int64, in the order of the file.
        widths: Pixels, shape (I, ), int32.
        heights: Pixels, shape (I, ), int32.
        file_names: I paths below the folder of the pictures.
        category_ids: Shape (I, ), int16; 0 where the image names none.
    """

    ids: np.ndarray
    widths: np.ndarray
    heights: np.ndarray
    file_names: list[str]
    category_ids: np.ndarray

    @property
    def sizes_wh(self) -> np.ndarray:
        """Width and height in pixels, shape (I, 2), int32."""
        return np.stack([self.widths, self.heights], axis=1)

    def rows(self, ids: np.ndarray) -> np.ndarray:
        """Where the images of these ids (n, ) are: n indices, -1 for unknown ones."""
        if not len(self.ids):
            return np.full(len(ids), -1)
        order = np.argsort(self.ids, kind='stable')
        found = np.searchsorted(self.ids, ids, sorter=order)
        rows = order[found.clip(max=len(order) - 1)]
        return np.where(self.ids[rows] == ids, rows, -1)


@dataclass(frozen=True)
class GarmentColumns:
    """Images and items of a file. N: items, T: the key points of all items together.

    An item owns the key points of its category, in the category's order.

    Attributes:
        images: The images, also those without an item.
        ids: Shape (N, ), int64, in the order of the file.
        image_ids: Shape (N, ), int64, each of them in ``images``.
        category_ids: Shape (N, ), int16, each of them in the table.
        boxes: x, y, width, height in pixels of the image, shape (N, 4), float64.
        areas: Shape (N, ), float64; the box's where the file has none.
        iscrowd: Shape (N, ), bool.
        num_keypoints: Labelled key points as the file counts them, and counted where
            it does not, shape (N, ), int32.
        points: x, y in pixels of the image and v (2 visible, 1 occluded, 0 not
            labelled), shape (T, 3); item i owns ``points[starts[i]:starts[i + 1]]``.
        starts: Shape (N + 1, ), int64.
        notes: What does not fit the pictures, see :mod:`.geometry`: lines for a log.
    """

    images: ImageColumns
    ids: np.ndarray
    image_ids: np.ndarray
    category_ids: np.ndarray
    boxes: np.ndarray
    areas: np.ndarray
    iscrowd: np.ndarray
    num_keypoints: np.ndarray
    points: np.ndarray
    starts: np.ndarray
    notes: tuple[str, ...] = ()


# What is not named here is skipped, not decoded.
class _Image(msgspec.Struct, gc=False):
    id: Integer
    file_name: str
    width: Pixels
    height: Pixels
    folder: str = ''
    path: str = ''
    category_id: int | None = None


class _Annotation(msgspec.Struct, gc=False):
    id: Integer
    image_id: Integer
    category_id: int
    bbox: BoxXYWH
    keypoints: msgspec.Raw
    area: float | None = None
    iscrowd: int | bool = 0
    num_keypoints: Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1)] | None = None


class _File(msgspec.Struct):
    images: list[_Image] | None = None
    categories: list[CocoCategory] | None = None
    annotations: list[_Annotation] = []


def read_columns(
    path: str | os.PathLike,
    benchmark: garments.Named,
    category: str | None = None,
    points_dtype: type = np.float32,
    image_root: str | os.PathLike | None = None,
) -> GarmentColumns:
    """Read a COCO file of a benchmark.

    Its key points must be named as in the table, all those of the benchmark for every
    category or its own for each; in files of DeepFashion2 they may be numbered, '1' to
    '294', as the files of the published HRNet system have them.

    Args:
        path: The JSON.
        benchmark: A benchmark, or the name of a built-in one.
        category: A category, for its items only; None for all items. Defaults to None.
        points_dtype: ``np.float32`` or ``np.float64``. Defaults to ``np.float32``.
        image_root: Folder of the pictures; absolute paths below it are taken, too.
            Defaults to None: there are none.

    Returns:
        GarmentColumns: The file's images and items.

    Raises:
        FileNotFoundError: If there is no such file.
        FormatError: If the file is not what it should be, or its boxes or key points as
            a whole do not fit the pictures; the message names the file and the entry.
        ValueError: If the benchmark or the category does not exist.
    """
    path = os.fspath(path)
    if category is not None:
        garments.garment(benchmark, category)
    content = _decode(path)
    full = has_full_layout(path, content.categories, benchmark, category)
    images = _image_columns(path, content.images, benchmark, image_root)
    annotations = content.annotations
    first = {}
    for annotation in annotations:
        first.setdefault(annotation.category_id, annotation)
    known = {
        category_id: _garment(
            path, f'annotation {annotation.id}', benchmark, category_id
        )
        for category_id, annotation in first.items()
    }
    if category is not None:
        listed = {entry.name for entry in content.categories}
        for category_id, garment in known.items():
            if garment.name not in listed and not full:
                raise FormatError(
                    f'{path}: annotation {first[category_id].id} is of a '
                    f'{garment.name}, the dataset of {category!r} only'
                )
        annotations = [a for a in annotations if known[a.category_id].name == category]
    return _columns(path, images, annotations, known, full, points_dtype)


def _decode(path: str) -> _File:
    needed = ['images', 'categories']
    with map_file(path, 'annotation file') as data:
        try:
            content = decode(data, _File)
        except msgspec.ValidationError as error:
            where = str(error)
            if '$.' in where:
                raise FormatError(f'{path}: {error}{fraction_hint(error)}') from None
            raise FormatError(_no_coco(path, needed, f' ({error})')) from None
    missing = [key for key in needed if getattr(content, key) is None]
    if content.annotations and not content.categories:
        missing = missing or ['categories']
    if missing:
        raise FormatError(_no_coco(path, missing))
    return content


def _no_coco(path: str, missing: list[str], detail: str = '') -> str:
    return (
        f'{path} is not a COCO file: it has no list {missing}{detail}; make it with '
        'the scripts in data_converters/'
    )


def _garment(
    path: str, entry: str, benchmark: garments.Named, category_id: int
) -> garments.Garment:
    try:
        return garments.category_of_id(benchmark, category_id)
    except ValueError as error:
        raise FormatError(f'{path}: {entry}: {error}') from None


# ------------------------------------------------------------------------ columns


def _image_columns(
    path: str,
    images: list[_Image],
    benchmark: garments.Named,
    image_root: str | os.PathLike | None,
) -> ImageColumns:
    ids = np.fromiter((image.id for image in images), np.int64, len(images))
    _check_unique(path, ids, 'image')
    first = {image.category_id: image for image in reversed(images)}
    for category_id, image in first.items():
        if category_id is not None:
            _garment(path, f'image {image.id}', benchmark, category_id)
    return ImageColumns(
        ids=ids,
        widths=np.fromiter((i.width for i in images), np.int32, len(images)),
        heights=np.fromiter((i.height for i in images), np.int32, len(images)),
        file_names=[
            inner_path(
                image_path(dict(folder=i.folder, file_name=i.file_name, path=i.path))
                if i.folder or i.path
                else i.file_name,
                image_root,
                f'{path}: image {i.id}',
            )
            for i in images
        ],
        category_ids=np.fromiter(
            (i.category_id or 0 for i in images), np.int16, len(images)
        ),
    )


def _columns(
    path: str,
    images: ImageColumns,
    annotations: list[_Annotation],
    known: dict[int, garments.Garment],
    full: bool,
    points_dtype: type,
) -> GarmentColumns:
    num = len(annotations)

    def column(values: Iterator, dtype: type) -> np.ndarray:
        return np.fromiter(values, dtype, num)

    ids = column((a.id for a in annotations), np.int64)
    _check_unique(path, ids, 'annotation')
    image_ids = column((a.image_id for a in annotations), np.int64)
    image_rows = images.rows(image_ids)
    strangers = np.flatnonzero(image_rows < 0)
    if len(strangers):
        first = annotations[strangers[0]]
        raise FormatError(
            f'{path}: annotation {first.id} is of image {first.image_id}, which the '
            'file does not list'
        )
    boxes = np.array([a.bbox for a in annotations], np.float64).reshape(num, 4)
    counts = column((len(known[a.category_id].channels) for a in annotations), np.int64)
    starts = np.concatenate([[0], counts.cumsum()])
    points = np.empty((starts[-1], 3), points_dtype)
    _read_points(path, annotations, known, full, points.reshape(-1))
    _check_points(path, points, starts, ids)
    labelled = labelled_counts(points, starts)
    sizes_wh = images.sizes_wh[image_rows]

    def name(index: int) -> str:
        return f'annotation {ids[index]} (image {image_ids[index]})'

    notes = check_boxes(Boxes(path, name, boxes, sizes_wh))
    notes += check_points(path, name, points, starts, sizes_wh)
    return GarmentColumns(
        images=images,
        ids=ids,
        image_ids=image_ids,
        category_ids=column((a.category_id for a in annotations), np.int16),
        boxes=boxes,
        areas=column(
            (a.bbox[2] * a.bbox[3] if a.area is None else a.area for a in annotations),
            np.float64,
        ),
        iscrowd=column((bool(a.iscrowd) for a in annotations), bool),
        num_keypoints=column(
            (
                counted if a.num_keypoints is None else a.num_keypoints
                for a, counted in zip(annotations, labelled)
            ),
            np.int32,
        ),
        points=points,
        starts=starts,
        notes=tuple(notes),
    )


def _read_points(
    path: str,
    annotations: list[_Annotation],
    known: dict[int, garments.Garment],
    full: bool,
    points: np.ndarray,
) -> None:
    """Fill ``points``, flat, shape (3 * T, ), with the items' own numbers."""
    readers = {
        category_id: OwnNumbers(garment, full) for category_id, garment in known.items()
    }
    filled = 0
    pending = []
    for index, annotation in enumerate(annotations, 1):
        try:
            pending += readers[annotation.category_id].read(annotation.keypoints)
        except FormatError as error:
            raise FormatError(f'{path}: annotation {annotation.id} {error}') from None
        # Numbers of many items are converted at once.
        if len(pending) > _CHUNK or index == len(annotations):
            end = filled + len(pending)
            with np.errstate(over='ignore'):  # too large ones are refused later
                points[filled:end] = pending
            filled = end
            pending.clear()


def labelled_counts(points: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """Key points with v > 0 of every item, shape (N, ), int64.

    Args:
        points: Shape (T, 3), see :class:`GarmentColumns`.
        starts: Shape (N + 1, ).
    """
    labelled = np.concatenate([[0], (points[:, 2] > 0).cumsum()])
    return labelled[starts[1:]] - labelled[starts[:-1]]


def _check_unique(path: str, ids: np.ndarray, kind: str) -> None:
    values, counts = np.unique(ids, return_counts=True)
    if (counts > 1).any():
        raise FormatError(f'{path}: two entries are {kind} {values[counts > 1][0]}')


def _check_points(
    path: str, points: np.ndarray, starts: np.ndarray, ids: np.ndarray
) -> None:
    visibility = points[:, 2]
    known = (visibility == 0) | (visibility == 1) | (visibility == 2)
    bad = np.flatnonzero(~known | ~np.isfinite(points).all(axis=1))
    if len(bad):
        item = np.searchsorted(starts, bad[0], side='right') - 1
        raise FormatError(
            f'{path}: annotation {ids[item]} has the key point '
            f'{points[bad[0]].tolist()}, expected finite x, y and v = 0, 1 or 2'
        )
