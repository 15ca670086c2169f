"""The samples of a dataset as arrays; a sample's record is made when it is asked for.

MMEngine keeps a pickled dictionary per sample. Arrays take a fraction of the memory
and of the time to load, and the loader's workers, forked after they were read, share
them: nobody writes to them, and they hold no Python objects whose reference counts
would be written.
"""

import hashlib
import os.path as osp
from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields, replace

import numpy as np

from fashion_mmpose import garments
from fashion_mmpose.files.digest import DIGITS
from fashion_mmpose.formats.coco.columns import GarmentColumns, ImageColumns
from fashion_mmpose.formats.coco.geometry import corners_of

NOWHERE = -1


@dataclass(frozen=True)
class Samples:
    """What is predicted. S: samples.

    Attributes:
        ids: The annotation's id, or the box's number, shape (S, ), int64.
        image_rows: Index of the image in its columns, shape (S, ), int64.
        item_rows: Index of the item that is the sample's ground truth in its columns,
            -1 where there is none, shape (S, ), int64.
        category_ids: Shape (S, ), int16.
        boxes: x1, y1, x2, y2 in pixels of the image, shape (S, 4), float32.
        scores: The boxes' scores, shape (S, ), float32.
    """

    ids: np.ndarray
    image_rows: np.ndarray
    item_rows: np.ndarray
    category_ids: np.ndarray
    boxes: np.ndarray
    scores: np.ndarray

    def __len__(self) -> int:
        return len(self.ids)

    def take(self, which: np.ndarray) -> 'Samples':
        """The samples of these indices, or where a mask is True."""
        return Samples(*(getattr(self, field.name)[which] for field in fields(self)))

    def __add__(self, other: 'Samples') -> 'Samples':
        names = [field.name for field in fields(self)]
        return Samples(
            *(np.concatenate([getattr(self, n), getattr(other, n)]) for n in names)
        )


def whole_images(images: ImageColumns, rows: np.ndarray, score: float) -> Samples:
    """The images (n, ) as a whole, without ground truth, boxes scored ``score``."""
    boxes = np.zeros((len(rows), 4), np.float32)
    boxes[:, 2] = images.widths[rows]
    boxes[:, 3] = images.heights[rows]
    return Samples(
        ids=images.ids[rows],
        image_rows=np.asarray(rows, np.int64),
        item_rows=np.full(len(rows), NOWHERE),
        category_ids=images.category_ids[rows],
        boxes=boxes,
        scores=np.full(len(rows), score, np.float32),
    )


def annotated_samples(columns: GarmentColumns, bbox_source: str) -> Samples:
    """All items, with their ground truth, boxes scored 1.

    Args:
        columns: Images and items.
        bbox_source: ``'annotation'`` for the annotated boxes, cut at the edges of their
            pictures, or ``'image'`` for whole images.
    """
    image_rows = columns.images.rows(columns.image_ids)
    whole = whole_images(columns.images, image_rows, score=1.0)
    boxes = whole.boxes
    if bbox_source == 'annotation':
        boxes = xywh_to_corners(columns.boxes).clip(0, boxes[:, [2, 3, 2, 3]])
    return replace(
        whole,
        ids=columns.ids,
        item_rows=np.arange(len(columns.ids)),
        category_ids=columns.category_ids,
        boxes=boxes,
    )


def have_area(boxes: np.ndarray) -> np.ndarray:
    """Which boxes xyxy (n, 4) can be cropped, bool."""
    return (boxes[:, 2:] > boxes[:, :2]).all(axis=1)


def xywh_to_corners(boxes: np.ndarray) -> np.ndarray:
    """x, y, width, height (n, 4) -> x1, y1, x2, y2 (n, 4), float32."""
    return corners_of(boxes).astype(np.float32)


class GarmentRecords(Sequence):
    """The samples as MMEngine's ``data_list``: a sequence of new dictionaries.

    C: the layout's key points.

    Args:
        columns: The annotation file's images and items.
        samples: What is predicted.
        img_prefix: Folder of the pictures.
        channels: For every category id, where its K key points are in the layout.
        num_keypoints: C.
        with_keypoints: Whether samples show their ground truth's key points, as those
            of annotated boxes do; a detector's boxes do not.
        with_raw: Whether records hold the annotation as the file has it, for metrics.
    """

    def __init__(
        self,
        columns: GarmentColumns,
        samples: Samples,
        img_prefix: str,
        channels: dict[int, np.ndarray],
        num_keypoints: int,
        with_keypoints: bool,
        with_raw: bool,
    ) -> None:
        self.samples = samples
        self._names = _PackedStrings(columns.images.file_names)
        images = vars(columns.images) | dict(file_names=[])
        self._columns = GarmentColumns(
            **(vars(columns) | dict(images=ImageColumns(**images)))
        )
        self._img_prefix = img_prefix
        self._channels = channels
        self._num_keypoints = num_keypoints
        self._with_keypoints = with_keypoints
        self._with_raw = with_raw

    def __len__(self) -> int:
        return len(self.samples)

    def __deepcopy__(self, memo: dict) -> 'GarmentRecords':
        # Nobody writes to the arrays, so subsets of a dataset share them.
        return self

    def take(self, which: np.ndarray) -> 'GarmentRecords':
        """Some of the samples, over the same images and items."""
        other = object.__new__(type(self))
        other.__dict__.update(self.__dict__, samples=self.samples.take(which))
        return other

    def pictures(self, all_listed: bool = False) -> dict[str, tuple[int, int]]:
        """Paths of the samples' pictures, each with the size that the file says.

        Args:
            all_listed: Whether pictures without a sample are told, too.

        Returns:
            dict: Width and height in pixels by path, in the order of the file.
        """
        images = self._columns.images
        rows = np.arange(len(images.ids))
        if not all_listed:
            rows = np.unique(self.samples.image_rows)
        sizes_wh = images.sizes_wh[rows].tolist()
        return {self._path(row): tuple(size) for row, size in zip(rows, sizes_wh)}

    def digest(self) -> str:
        """What differs where other garments, labels or pictures are predicted.

        The folder of the pictures and what they show tell nothing.
        """
        digest = hashlib.sha256()
        columns = self._columns
        for part in (self._names, columns.images, columns, self.samples):
            for value in vars(part).values():
                if isinstance(value, np.ndarray):
                    digest.update(np.ascontiguousarray(value).data)
        return digest.hexdigest()[:DIGITS]

    def annotated_categories(self) -> list[int]:
        """Ids of the categories of the garments that are to be found.

        In a detector's boxes they may be any of the file: one without a box is missed.
        """
        kinds = self._columns.category_ids
        if self._with_keypoints:
            rows = self.samples.item_rows
            kinds = kinds[rows[rows != NOWHERE]]
        return np.unique(kinds).tolist()

    def picture_sizes(self) -> tuple[np.ndarray, np.ndarray]:
        """The samples' pictures by rising id.

        Returns:
            tuple: Ids (N, ), int64, and width and height in pixels (N, 2).
        """
        images = self._columns.images
        rows = np.unique(self.samples.image_rows)
        rows = rows[np.argsort(images.ids[rows])]
        return images.ids[rows], images.sizes_wh[rows]

    def without(self, paths: Collection[str]) -> 'GarmentRecords':
        """The samples that are not of these pictures."""
        rows = self._rows_of(paths)
        return self.take(~np.isin(self.samples.image_rows, rows))

    def image_ids_of(self, paths: Collection[str]) -> list[int]:
        """Ids of the file's images that are at these paths, in its order."""
        return self._columns.images.ids[self._rows_of(paths)].tolist()

    def _rows_of(self, paths: Collection[str]) -> list[int]:
        paths = set(paths)
        rows = range(len(self._columns.images.ids)) if paths else ()
        return [row for row in rows if self._path(row) in paths]

    def _path(self, row: int) -> str:
        return osp.join(self._img_prefix, self._names[row])

    def __getitem__(self, index: int | slice) -> 'dict | GarmentRecords':
        """One sample's record, which the caller may change, or some samples.

        Returns:
            dict: ``id``, ``img_id``, ``img_path``, ``category_id``, ``bbox`` (1, 4)
            xyxy, ``bbox_score`` (1, ), ``keypoints`` (1, C, 2), ``keypoints_visible``
            (1, C): 1 for labelled ones, ``keypoint_states`` (1, C): COCO's 0, 1, 2,
            and ``raw_ann_info``, None without ground truth. With key points also
            ``num_keypoints``, ``area`` and ``iscrowd``.
        """
        if isinstance(index, slice):
            return self.take(index)
        if not -len(self) <= index < len(self):
            raise IndexError(f'sample {index} of {len(self)}')
        samples, columns = self.samples, self._columns
        row = samples.image_rows[index]
        item = samples.item_rows[index]
        record = dict(
            id=int(samples.ids[index]),
            img_id=int(columns.images.ids[row]),
            img_path=self._path(row),
            category_id=int(samples.category_ids[index]),
            bbox=samples.boxes[None, index].copy(),
            bbox_score=samples.scores[None, index].copy(),
            keypoints=np.zeros((1, self._num_keypoints, 2), np.float32),
            keypoints_visible=np.zeros((1, self._num_keypoints), np.float32),
            keypoint_states=np.zeros((1, self._num_keypoints), np.uint8),
            raw_ann_info=None,
        )
        if item == NOWHERE:
            return record
        points = columns.points[columns.starts[item] : columns.starts[item + 1]]
        own = self._channels[record['category_id']]
        if self._with_keypoints:
            record['keypoints'][0, own] = points[:, :2]
            record['keypoint_states'][0, own] = points[:, 2]
            # Occluded points are trained on like visible ones.
            record['keypoints_visible'][0, own] = np.minimum(1, points[:, 2])
            record.update(
                num_keypoints=int((points[:, 2] > 0).sum()),
                area=np.float32(columns.areas[item]),
                iscrowd=int(columns.iscrowd[item]),
            )
        if self._with_raw:
            record['raw_ann_info'] = self._annotation(item, points, own)
        return record

    def _annotation(self, item: int, points: np.ndarray, own: np.ndarray) -> dict:
        """The annotation in COCO's form, its key points in the dataset's layout.

        ``bbox`` (4, ) and ``keypoints`` (3 * C, ) are arrays: the pipeline copies a
        sample several times, and lists number by number.
        """
        columns = self._columns
        keypoints = np.zeros((self._num_keypoints, 3), points.dtype)
        keypoints[own] = points
        return dict(
            id=int(columns.ids[item]),
            image_id=int(columns.image_ids[item]),
            category_id=int(columns.category_ids[item]),
            bbox=columns.boxes[item].copy(),
            area=float(columns.areas[item]),
            iscrowd=int(columns.iscrowd[item]),
            num_keypoints=int(columns.num_keypoints[item]),
            keypoints=keypoints.ravel(),
        )


def layout_channels(
    benchmark: garments.Named, category: str | None
) -> dict[int, np.ndarray]:
    """For every category id, where its K key points are in the layout, shape (K, ).

    The layout is that of one category, or the benchmark's full one.
    """
    if category is not None:
        garment = garments.garment(benchmark, category)
        return {garment.category_id: np.arange(len(garment.channels))}
    return {
        garment.category_id: np.array(garment.channels)
        for garment in garments.benchmark(benchmark).garments.values()
    }


def held_categories(
    benchmark: garments.Benchmark,
    category: str | None,
    categories: Sequence[str] | None,
) -> tuple[str, ...]:
    """The categories that a dataset holds, by name, in the order of the table.

    Args:
        benchmark: Whose they are.
        category: The only one, whose layout the dataset has; None for all or some.
        categories: Some, in the full layout; None for all.

    Raises:
        ValueError: If both are given, or ``categories`` is no list of some.
    """
    if category is not None and categories is not None:
        raise ValueError(
            f'category={category!r} and categories={categories!r} exclude each other: '
            'one is in the layout of its key points, the other in the full layout'
        )
    if isinstance(categories, str) or (categories is not None and not len(categories)):
        raise ValueError(f'categories={categories!r} is no list of categories')
    wanted = [category] if category is not None else categories
    if wanted is None:
        return garments.categories(benchmark)
    return garments.in_order(benchmark, wanted)


class _PackedStrings:
    """Strings in two arrays, which processes share; a list's reference counts are
    written to by whoever reads it, and so copied."""

    def __init__(self, strings: list[str]) -> None:
        encoded = [string.encode('utf-8', 'surrogatepass') for string in strings]
        self._text = np.frombuffer(b''.join(encoded), np.uint8)
        self._ends = np.cumsum([len(text) for text in encoded], dtype=np.int64)

    def __getitem__(self, index: int) -> str:
        start = self._ends[index - 1] if index else 0
        text = self._text[start : self._ends[index]]
        return text.tobytes().decode('utf-8', 'surrogatepass')
