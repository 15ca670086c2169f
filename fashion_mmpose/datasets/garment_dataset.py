"""Garments in COCO JSON, of any benchmark."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
from mmengine.dataset import force_full_init
from mmengine.logging import MessageHub
from mmpose.datasets.datasets.base import BaseCocoStyleDataset
from mmpose.registry import DATASETS

from fashion_mmpose import garments
from fashion_mmpose.config.dataset_settings import fill_category
from fashion_mmpose.errors import FormatError
from fashion_mmpose.formats.coco.annotations import coco_categories
from fashion_mmpose.formats.coco.columns import (
    GarmentColumns,
    labelled_counts,
    read_columns,
)

from .detected import best_boxes, boxes_in_pictures, detected_samples, log_notes
from .pictures.cache import PictureCache, check_loading
from .pictures.reading import picture_named
from .records import (
    GarmentRecords,
    Samples,
    annotated_samples,
    have_area,
    held_categories,
    layout_channels,
    whole_images,
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


@DATASETS.register_module()
class GarmentDataset(BaseCocoStyleDataset):
    """Garments of a benchmark: some categories, all, or one.

    Reads the JSON that the converters write. Key points keep their meaning all
    the way: the file's names are compared with the table, every sample carries
    ``category_id``, every detector box its own category, and with ``test_mode``
    every sample the ``raw_ann_info`` that metrics score.

    An image shows several garments; every item is a sample of its own, and so is every
    box in ``bbox_file``, for the category that the detector gives it. With
    ``one_per_image`` it shows one, and its category is part of the task: the best box
    of the image's own category is taken, and an image without any is tested as a whole,
    its box scored 0.

    Items without landmarks and crowds are no samples, neither in training nor, where an
    image shows several garments, in their annotated boxes in testing. The official
    score of DeepFashion2 ignores them: it does not miss them, but a prediction made for
    one could be matched with a neighbour of the same category, which the detector's own
    prediction for that neighbour then could not be. To predict in such boxes, give them
    as ``bbox_file``; so must be the boxes of a test set whose file lists images only.

    Annotated boxes without area in their pictures cannot be cropped. Such items are not
    trained on. In testing, where an image shows several garments, they are no samples:
    the landmark score of the whole set counts them as missed, and errors of single
    garments are those of the others. Where an image shows one, it is tested as a whole.

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
        benchmark (str or dict, optional): The benchmark: the name of a built-in one, a
            description, or a JSON or YAML file with one; see
            :func:`fashion_mmpose.garments.benchmark_from`. Subclasses have their own.
        one_per_image (bool, optional): Whether an image shows one garment. By default
            it shows several, except FashionAI's.
        cache (dict, optional): Keeps decoded pictures from epoch to epoch, up to
            ``megabytes``, in memory or in a ``folder``; see :class:`PictureCache`.
        **kwargs: As :class:`mmpose.datasets.BaseCocoStyleDataset`. With
            ``data_mode='bottomup'``, in testing only, every picture is one sample, as
            a whole and without ground truth: for programs that go through the pictures.

    Attributes:
        benchmark: Name of the benchmark.
        definition: The benchmark.

    Raises:
        FileNotFoundError: If ``ann_file`` or ``bbox_file`` does not exist.
        ValueError: If a category is unknown, a network is to be trained bottom-up, or
            a file is not what it should be: the message names the file and the entry.
    """

    # Of subclasses: all that ``benchmark`` may be.
    benchmark: garments.Named | Mapping | None = None
    one_per_image = False

    def __init__(
        self,
        category: str | None = None,
        ann_file: str = '',
        bbox_source: str = 'annotation',
        bbox_file: str | None = None,
        categories: Sequence[str] | None = None,
        benchmark: str | Mapping | None = None,
        one_per_image: bool | None = None,
        cache: Mapping | None = None,
        **kwargs,
    ) -> None:
        self.cache, self._cache_options = None, cache
        self.definition = self.described(benchmark)
        self.benchmark = self.definition.name
        if one_per_image is not None:
            self.one_per_image = one_per_image
        if bbox_source not in BBOX_SOURCES:
            raise ValueError(
                f'unknown bbox_source {bbox_source!r}; choose from {BBOX_SOURCES}'
            )
        kwargs['ann_file'] = fill_category(ann_file, category)
        self.category = category
        self.categories = held_categories(self.definition, category, categories)
        self._channels = layout_channels(self.definition, category)
        self.bbox_source = bbox_source
        if kwargs.get('data_mode') == 'bottomup' and not kwargs.get('test_mode'):
            raise ValueError(
                "data_mode='bottomup' is for testing only: networks are trained "
                "garment by garment; to fix it: data_mode='topdown'"
            )
        kwargs['metainfo'] = garments.complete_metainfo(
            kwargs.get('metainfo'), self.definition, category
        )
        super().__init__(
            bbox_file=bbox_file and fill_category(bbox_file, category),
            **(kwargs | dict(serialize_data=False)),
        )
        garments.check_metainfo(self._metainfo, self.definition, category)
        # MMPose's parser drops the keys that it does not know.
        self._metainfo.update(
            benchmark=garments.benchmark_entry(self.definition),
            category=category,
            categories=self.categories,
            # A checkpoint tells by it what the crops of its training were like.
            bbox_source='detector' if bbox_file else bbox_source,
            CLASSES=[
                entry
                for entry in coco_categories(self.definition, category)
                if entry['name'] in self.categories
            ],
            one_per_image=self.one_per_image,
        )
        has_truth = self.data_mode == 'topdown' and (
            not bbox_file or self.one_per_image
        )
        is_part = self.categories != garments.categories(self.definition)
        if self.test_mode and has_truth and is_part:
            # MMPose's CocoMetric scores by this file, which may have other categories
            # and another layout, unless it is not told; then by that of the samples.
            hub, name = MessageHub.get_current_instance(), self.metainfo['dataset_name']
            path = hub.pop_info(f'{name}_ann_file')
            hub.update_info(f'{name}_pictures_file', path, resumed=False)
        if self.test_mode and not self.one_per_image:
            # For the metric, which finds the tested garments in the file. Not in
            # training: checkpoints hold the metainfo.
            self._metainfo['ann_file'] = self.ann_file

    @classmethod
    def described(cls, benchmark: str | Mapping | None) -> garments.Benchmark:
        """The benchmark of a dataset with that ``benchmark`` among its settings.

        Raises:
            FileNotFoundError: If the file of the description does not exist.
            ValueError: If there is no such benchmark, or the class has another one.
        """
        if benchmark is None and cls.benchmark is None:
            raise ValueError(
                f'{cls.__name__} needs a benchmark; to fix it: give benchmark=, a '
                f'description, its file, or one of {sorted(garments.BENCHMARKS)}'
            )
        definition = garments.benchmark(benchmark or cls.benchmark)
        own = garments.benchmark(cls.benchmark or definition)
        if own.name != definition.name:
            raise ValueError(
                f'{cls.__name__} is of {own.name}, not of {definition.name}; to fix '
                "it: type='GarmentDataset'"
            )
        return definition

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
        if self.category is None:
            data_info['own_channels'] = self._channels[data_info['category_id']]
        return data_info

    def load_data_list(self) -> GarmentRecords:
        """Read ``ann_file`` and, where it is given, ``bbox_file``.

        It notes in the metainfo how many samples the whole test set has. A metric that
        sees as many different samples knows that the whole set was tested, also the
        pictures without a sample. The number is that before ``sample_interval`` and
        ``indices`` choose, so that the metainfo of all parts is alike, as MMEngine's
        ``ConcatDataset`` wants it.
        """
        columns = read_columns(
            self.ann_file,
            self.definition,
            self.category,
            # Metrics get the file's numbers; to train, these are exact enough.
            points_dtype=np.float64 if self.test_mode else np.float32,
            image_root=self.data_prefix.get('img'),
        )
        log_notes(columns.notes)
        samples = (
            self._detected(columns) if self.bbox_file else self._annotated(columns)
        )
        if self.data_mode == 'bottomup':
            rows = np.unique(samples.image_rows)
            samples = whole_images(columns.images, rows, score=1.0)
        if self.test_mode and not self.one_per_image:
            self._metainfo['num_samples'] = len(samples)
        if self.sample_interval > 1:  # as MMPose: pictures whose id is a multiple
            image_ids = columns.images.ids[samples.image_rows]
            samples = samples.take(image_ids % self.sample_interval == 0)
        self._whole = GarmentRecords(
            columns,
            samples,
            img_prefix=self.data_prefix['img'],
            channels=self._channels,
            num_keypoints=self._metainfo['num_keypoints'],
            with_keypoints=not self.bbox_file,
            with_raw=self.test_mode,
        )
        return self._whole

    @force_full_init
    def pictures(self) -> dict[str, tuple[int, int]]:
        """The pictures of this dataset, each with the size that its file says.

        In training they are those of the samples. In testing they do not depend on
        ``indices``, and where the whole file is scored in a detector's boxes, those
        without a box are among them.

        Returns:
            dict: Width and height in pixels by path.
        """
        if not self.test_mode:
            return self.data_list.pictures()
        all_listed = self.bbox_file is not None and not self.one_per_image
        return self._whole.pictures(all_listed)

    @force_full_init
    def leave_out(self, paths: Collection[str]) -> list[int]:
        """Go on as if the file did not list some pictures.

        Args:
            paths: Those of :meth:`pictures` that are left out.

        Returns:
            list[int]: Ids of these images.
        """
        image_ids = self._whole.image_ids_of(paths)
        self.data_list = self.data_list.without(paths)
        before, self._whole = self._whole, self._whole.without(paths)
        if 'num_samples' in self._metainfo:
            self._metainfo['num_samples'] -= len(before) - len(self._whole)
        return image_ids

    def prepare_data(self, idx: int) -> Any:
        """What the pipeline makes of a sample.

        Raises:
            PictureError: If its picture cannot be read.
        """
        with picture_named(lambda: self.data_list[idx]['img_path']):
            if self.cache is None:
                return super().prepare_data(idx)
            info = self.get_data_info(idx)
            picture = self.cache.read(info['img_id'], info['img_path'])
            return self.pipeline(dict(info, dataset=self, img=picture))

    def full_init(self) -> None:
        """Read the samples and, with ``cache``, make room for their pictures."""
        if self._fully_initialized:
            return
        super().full_init()
        if self._cache_options is not None:
            check_loading(self.pipeline)
            sizes = self.data_list.picture_sizes()
            self.cache = PictureCache(*sizes, **self._cache_options)

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
            garments.garment(self.definition, n).category_id for n in self.categories
        ]
        return np.isin(category_ids, held)

    # ------------------------------------------------------------- annotations

    def _annotated(self, columns: GarmentColumns) -> Samples:
        images = columns.images
        samples = annotated_samples(columns, self.bbox_source)
        kept = self._holds(columns.category_ids)
        if not self.test_mode or not self.one_per_image:
            kept &= is_labelled(columns)
        # What has no area cannot be cropped.
        flat = kept & ~have_area(samples.boxes)
        if self.test_mode and flat.any():
            fate = 'tested as whole images' if self.one_per_image else 'not tested'
            what = 'garments whose boxes have no area in their pictures are'
            log_notes([f'{self.ann_file}: {flat.sum()} {what} {fate}'])
        if self.test_mode and self.one_per_image:
            whole = whole_images(images, samples.image_rows[flat], score=1.0)
            samples.boxes[flat] = whole.boxes
        else:
            kept &= ~flat
        image_rows, samples = samples.image_rows, samples.take(kept)
        if self.test_mode:
            # Pictures without annotation are predicted too, as whole images, if the
            # file says which garment is asked for.
            bare = self._holds(images.category_ids)
            bare[image_rows] = False
            samples += whole_images(images, np.flatnonzero(bare), score=1.0)
        if not len(samples) and not self.one_per_image:
            raise FormatError(
                f'{self.ann_file} has no item of {", ".join(self.categories)} with '
                'landmarks; for a file that lists images only, give bbox_file'
            )
        return samples

    def _detected(self, columns: GarmentColumns) -> Samples:
        """The detector's boxes of the categories, above the score threshold."""
        boxes = boxes_in_pictures(
            self.bbox_file, self.ann_file, columns.images, self.definition
        )
        threshold = (self.filter_cfg or {}).get('bbox_score_thr', 0)
        kept = self._holds(boxes.category_ids) & (boxes.scores >= threshold)
        samples = detected_samples(columns.images, boxes.take(kept))
        if not self.one_per_image:
            return samples
        return best_boxes(columns, samples, self._holds, self.bbox_file, self.ann_file)


def is_labelled(columns: GarmentColumns) -> np.ndarray:
    """Which items have labelled key points and are no crowd, shape (N, ), bool."""
    return (labelled_counts(columns.points, columns.starts) > 0) & ~columns.iscrowd
