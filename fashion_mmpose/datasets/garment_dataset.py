"""Garments in COCO JSON: what the datasets of both benchmarks share."""

from collections.abc import Sequence

import numpy as np
from mmengine.dataset import force_full_init
from mmpose.datasets.datasets.base import BaseCocoStyleDataset

from fashion_mmpose import garments
from fashion_mmpose.errors import FormatError
from fashion_mmpose.formats.coco.annotations import coco_categories
from fashion_mmpose.formats.coco.columns import (
    GarmentColumns,
    ImageColumns,
    labelled_counts,
    read_columns,
)
from fashion_mmpose.formats.detectors.box_columns import BoxColumns, read_boxes

from .records import (
    NOWHERE,
    GarmentRecords,
    Samples,
    layout_channels,
    whole_images,
    xywh_to_corners,
)

BBOX_SOURCES = ('annotation', 'image')
# What a dataset of MMPose gives every sample of its metainfo.
SAMPLE_METAINFO = (
    'dataset_name',
    'upper_body_ids',
    'lower_body_ids',
    'flip_pairs',
    'dataset_keypoint_weights',
    'flip_indices',
    'skeleton_links',
)


class GarmentDataset(BaseCocoStyleDataset):
    """Base of the garment datasets; a subclass names its ``benchmark``.

    Reads the JSON that the converters write. Key points keep their meaning all
    the way: the file's names are compared with the table, every sample carries
    ``category_id``, every detector box its own category, and with ``test_mode``
    every sample the ``raw_ann_info`` that metrics score.

    The samples are arrays, which the loader's workers share; MMEngine's
    ``serialize_data`` has nothing to do and is ignored.

    Args:
        category (str, optional): A category, for its K key points; None for all
            categories in the benchmark's full layout. Defaults to None.
        ann_file (str): The JSON. ``{category}`` in it, and in ``bbox_file``, is
            replaced by the category, or by ``all``. With ``category``, its own file or
            that of all categories.
        bbox_source (str): ``'annotation'``, the annotated box, or ``'image'``,
            the whole image. Defaults to ``'annotation'``.
        bbox_file (str, optional): Detector boxes for testing: a COCO result list
            of ``image_id``, ``category_id``, ``bbox`` (xywh) and ``score``.
            Boxes scored below ``filter_cfg['bbox_score_thr']`` are dropped.
        categories (Sequence[str], optional): Some categories, in the benchmark's full
            layout; other items are left out. Not together with ``category``.
            Defaults to None.
        **kwargs: As :class:`mmpose.datasets.BaseCocoStyleDataset`.

    Raises:
        FileNotFoundError: If ``ann_file`` or ``bbox_file`` does not exist.
        ValueError: If a category is unknown, or a file is not what it should
            be: the message names the file and the entry.
    """

    benchmark: str

    def __init__(
        self,
        category: str | None = None,
        ann_file: str = '',
        bbox_source: str = 'annotation',
        bbox_file: str | None = None,
        categories: Sequence[str] | None = None,
        **kwargs,
    ) -> None:
        if bbox_source not in BBOX_SOURCES:
            raise ValueError(
                f'unknown bbox_source {bbox_source!r}; choose from {BBOX_SOURCES}'
            )
        self.category = category
        self.categories = _held_categories(self.benchmark, category, categories)
        self.bbox_source = bbox_source
        name = category or 'all'
        kwargs.setdefault('metainfo', garments.metainfo(self.benchmark, category))
        super().__init__(
            ann_file=ann_file.replace('{category}', name),
            bbox_file=bbox_file and bbox_file.replace('{category}', name),
            **(kwargs | dict(serialize_data=False)),
        )
        # MMPose's parser drops the keys that it does not know.
        self._metainfo.update(
            benchmark=self.benchmark,
            category=category,
            categories=self.categories,
            CLASSES=[
                entry
                for entry in coco_categories(self.benchmark, category)
                if entry['name'] in self.categories
            ],
        )

    @property
    @force_full_init
    def category_ids(self) -> np.ndarray:
        """Every sample's category, shape (S, ), int16."""
        return self.data_list.samples.category_ids

    def get_cat_ids(self, idx: int) -> list[int]:
        """The sample's category, for MMEngine's ``ClassBalancedDataset``."""
        return [int(self.category_ids[idx])]

    @force_full_init
    def get_data_info(self, idx: int) -> dict:
        """The sample's record with what the pipeline needs of the metainfo.

        MMPose copies the metainfo for every sample, which takes longer than to
        decode a picture where there are 294 key points; no transform writes to
        it.
        """
        data_info = self.data_list[idx]
        data_info['sample_idx'] = idx if idx >= 0 else len(self) + idx
        for key in SAMPLE_METAINFO:
            data_info[key] = self._metainfo[key]
        return data_info

    def load_data_list(self) -> GarmentRecords:
        """Read ``ann_file`` and, where it is given, ``bbox_file``."""
        columns = read_columns(
            self.ann_file,
            self.benchmark,
            self.category,
            # Metrics get the file's numbers; to train, these are exact enough.
            points_dtype=np.float64 if self.test_mode else np.float32,
        )
        samples = (
            self._detected(columns, self._read_boxes(columns.images))
            if self.bbox_file
            else self._annotated(columns)
        )
        if self.sample_interval > 1:  # as MMPose: pictures whose id is a multiple
            image_ids = columns.images.ids[samples.image_rows]
            samples = samples.take(image_ids % self.sample_interval == 0)
        return GarmentRecords(
            columns,
            samples,
            img_prefix=self.data_prefix['img'],
            channels=layout_channels(self.benchmark, self.category),
            num_keypoints=self._metainfo['num_keypoints'],
            with_keypoints=not self.bbox_file,
            with_raw=self.test_mode,
        )

    def filter_data(self) -> GarmentRecords:
        """All records: boxes below the threshold were dropped when they were read.

        MMPose's method would also drop whole images that stand in for a box.
        """
        return self.data_list

    def _get_unserialized_subset(self, indices: int | Sequence[int]) -> GarmentRecords:
        """MMEngine's would make a list of records."""
        if isinstance(indices, int):
            part = slice(indices) if indices >= 0 else slice(indices, None)
            return self.data_list[part]
        return self.data_list.take(np.asarray(indices, np.int64))

    def _holds(self, category_ids: np.ndarray) -> np.ndarray:
        """Which categories (n, ) this dataset holds, bool."""
        held = [
            garments.garment(self.benchmark, n).category_id for n in self.categories
        ]
        return np.isin(category_ids, held)

    # ------------------------------------------------------------- annotations

    def _annotated(self, columns: GarmentColumns) -> Samples:
        images = columns.images
        image_rows = images.rows(columns.image_ids)
        whole = whole_images(images, image_rows, score=1.0)
        boxes = whole.boxes
        if self.bbox_source == 'annotation':
            boxes = xywh_to_corners(columns.boxes)
            boxes = boxes.clip(0, whole.boxes[:, [2, 3, 2, 3]])
        samples = Samples(
            ids=columns.ids,
            image_rows=image_rows,
            item_rows=np.arange(len(columns.ids)),
            category_ids=columns.category_ids,
            boxes=boxes,
            scores=whole.scores,
        )
        kept = self._holds(columns.category_ids)
        if not self.test_mode:
            return samples.take(kept & self._is_trainable(columns, boxes))
        # Pictures without annotation are predicted too, as whole images, if the file
        # says which garment is asked for.
        bare = self._holds(images.category_ids)
        bare[image_rows] = False
        return samples.take(kept & self._is_tested(columns)) + whole_images(
            images, np.flatnonzero(bare), score=1.0
        )

    @staticmethod
    def _is_trainable(columns: GarmentColumns, boxes: np.ndarray) -> np.ndarray:
        has_area = (boxes[:, 2:] > boxes[:, :2]).all(axis=1)
        return has_area & is_labelled(columns)

    def _is_tested(self, columns: GarmentColumns) -> np.ndarray:
        """Which items are predicted in their annotated boxes, shape (N, ), bool."""
        return np.ones(len(columns.ids), bool)

    # ---------------------------------------------------------- detector boxes

    def _read_boxes(self, images: ImageColumns) -> BoxColumns:
        """The boxes of this dataset's categories above the score threshold."""
        boxes = read_boxes(self.bbox_file, self.benchmark)
        strangers = np.flatnonzero(images.rows(boxes.image_ids) == NOWHERE)
        if len(strangers):
            raise FormatError(
                f'{self.bbox_file}: box {strangers[0]} is of image '
                f'{boxes.image_ids[strangers[0]]}, which {self.ann_file} does not list'
            )
        threshold = (self.filter_cfg or {}).get('bbox_score_thr', 0)
        return boxes.take(self._holds(boxes.category_ids) & (boxes.scores >= threshold))

    def _detected(self, columns: GarmentColumns, boxes: BoxColumns) -> Samples:
        """The detector's boxes as samples; a benchmark may choose among them."""
        return Samples(
            ids=np.arange(len(boxes)),
            image_rows=columns.images.rows(boxes.image_ids),
            item_rows=np.full(len(boxes), NOWHERE),
            category_ids=boxes.category_ids,
            boxes=xywh_to_corners(boxes.boxes),
            scores=boxes.scores.astype(np.float32),
        )


def is_labelled(columns: GarmentColumns) -> np.ndarray:
    """Which items have labelled key points and are no crowd, shape (N, ), bool."""
    return (labelled_counts(columns.points, columns.starts) > 0) & ~columns.iscrowd


def _held_categories(
    benchmark: str, category: str | None, categories: Sequence[str] | None
) -> tuple[str, ...]:
    """Names in the order of the table."""
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
