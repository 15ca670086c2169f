"""Garments in COCO JSON: what the datasets of both benchmarks share."""

import json
import os.path as osp
from collections.abc import Iterator

import numpy as np
from mmengine.dataset import BaseDataset
from mmpose.datasets.datasets.base import BaseCocoStyleDataset

from fashion_mmpose import garments
from fashion_mmpose.formats.coco import image_path

BBOX_SOURCES = ('annotation', 'image')


class GarmentDataset(BaseCocoStyleDataset):
    """Base of the garment datasets; a subclass names its ``benchmark``.

    Reads the JSON that the converters write. Key points keep their meaning all
    the way: the file's names are compared with the table, every sample carries
    ``category_id``, every detector box its own category, and with ``test_mode``
    every sample the ``raw_ann_info`` that metrics score.

    Args:
        category (str, optional): A category, for its K key points; None for all
            categories in the benchmark's full layout. Defaults to None.
        ann_file (str): The JSON. ``{category}`` in it, and in ``bbox_file``, is
            replaced by the category, or by ``all``.
        bbox_source (str): ``'annotation'``, the annotated box, or ``'image'``,
            the whole image. Defaults to ``'annotation'``.
        bbox_file (str, optional): Detector boxes for testing: a COCO result list
            of ``image_id``, ``category_id``, ``bbox`` (xywh) and ``score``.
            Boxes scored below ``filter_cfg['bbox_score_thr']`` are dropped.
        **kwargs: As :class:`mmpose.datasets.BaseCocoStyleDataset`.

    Raises:
        FileNotFoundError: If ``ann_file`` or ``bbox_file`` does not exist.
        ValueError: If the category is unknown, or a file is not what it should
            be: the message names the file and the entry.
    """

    benchmark: str

    def __init__(
        self,
        category: str | None = None,
        ann_file: str = '',
        bbox_source: str = 'annotation',
        bbox_file: str | None = None,
        **kwargs,
    ) -> None:
        if bbox_source not in BBOX_SOURCES:
            raise ValueError(
                f'unknown bbox_source {bbox_source!r}; choose from {BBOX_SOURCES}'
            )
        self.category = category
        self.bbox_source = bbox_source
        name = category or 'all'
        kwargs.setdefault('metainfo', garments.metainfo(self.benchmark, category))
        super().__init__(
            ann_file=ann_file.replace('{category}', name),
            bbox_file=bbox_file and bbox_file.replace('{category}', name),
            **kwargs,
        )
        # MMPose's parser drops the keys that it does not know.
        self._metainfo['category'] = category

    def get_data_info(self, idx: int) -> dict:
        """The sample's record with what the pipeline needs of the metainfo.

        MMPose copies the metainfo for every sample, which takes longer than to
        decode a picture where there are 294 key points; no transform writes to
        it.
        """
        data_info = BaseDataset.get_data_info(self, idx)
        for key in (
            'dataset_name',
            'upper_body_ids',
            'lower_body_ids',
            'flip_pairs',
            'dataset_keypoint_weights',
            'flip_indices',
            'skeleton_links',
        ):
            data_info[key] = self._metainfo[key]
        return data_info

    def load_data_list(self) -> list[dict]:
        """Read ``ann_file`` and, where it is given, ``bbox_file``."""
        content = self._read_annotations()
        images = {image['id']: image for image in content['images']}
        annotations = content.get('annotations', [])
        for annotation in annotations:
            if annotation['image_id'] not in images:
                raise ValueError(
                    f'{self.ann_file}: annotation {annotation["id"]} is of image '
                    f'{annotation["image_id"]}, which the file does not list'
                )
        if self.bbox_file:
            return self._detected(images, annotations)
        return self._annotated(images, annotations)

    def filter_data(self) -> list[dict]:
        """All records: boxes below the threshold were dropped when they were read.

        MMPose's method would also drop whole images that stand in for a box.
        """
        return self.data_list

    # ------------------------------------------------------------- annotations

    def _read_annotations(self) -> dict:
        content = _read_json(self.ann_file, 'annotation file')
        missing = [
            key
            for key in ('images', 'categories')
            if not isinstance(content, dict) or not isinstance(content.get(key), list)
        ]
        if missing:
            raise ValueError(
                f'{self.ann_file} is not a COCO file: it has no list {missing}; make '
                'it with the scripts in data_converters/'
            )
        expected = list(garments.keypoints(self.benchmark, self.category))
        for category in content['categories']:
            known = garments.category_of_id(self.benchmark, category['id'])
            if category['name'] != known.name:
                raise ValueError(
                    f'{self.ann_file}: category {category["id"]} is called '
                    f'{category["name"]!r}, expected {known.name!r}'
                )
            if category.get('keypoints', []) != expected:
                raise ValueError(
                    f'{self.ann_file}: the key points of category '
                    f'{category["name"]!r} are not those of {self._layout()}: the '
                    f'file has {len(category.get("keypoints", []))} '
                    f'({category.get("keypoints", [])[:3]}, ...), expected '
                    f'{len(expected)} ({expected[:3]}, ...); use the JSON of that '
                    'layout, e.g. train_blouse.json for category="blouse" and '
                    'train_all.json for none'
                )
        self._metainfo['CLASSES'] = content['categories']
        return content

    def _layout(self) -> str:
        return garments.metainfo_name(self.benchmark, self.category)

    def _annotated(self, images: dict, annotations: list[dict]) -> list[dict]:
        data_list = []
        seen = set()
        for annotation in annotations:
            image = images[annotation['image_id']]
            seen.add(image['id'])
            data_info = self._parse_annotation(annotation, image)
            if self.test_mode or self._is_trainable(data_info):
                data_list.append(data_info)
        if self.test_mode:
            # Pictures without annotation are predicted too, as whole images, if
            # the file says which garment is asked for.
            for image in images.values():
                if image['id'] not in seen and 'category_id' in image:
                    data_list.append(self._whole_image(image, score=1.0))
        return data_list

    def _parse_annotation(self, annotation: dict, image: dict) -> dict:
        num_keypoints = self._metainfo['num_keypoints']
        values = np.array(annotation['keypoints'], np.float32)
        if values.size != 3 * num_keypoints:
            raise ValueError(
                f'{self.ann_file}: annotation {annotation["id"]} has {values.size} '
                f'key point numbers, expected {3 * num_keypoints}'
            )
        values = values.reshape(1, num_keypoints, 3)
        category = self._check_category(
            annotation['category_id'], f'annotation {annotation["id"]}', self.ann_file
        )
        if self.category not in (None, category.name):
            raise ValueError(
                f'{self.ann_file}: annotation {annotation["id"]} is of a '
                f'{category.name}, the dataset of {self.category!r} only'
            )
        whole = self._whole_image(image, score=1.0)
        if self.bbox_source == 'annotation':
            x, y, w, h = annotation['bbox']
            corners = np.array([[x, y, x + w, y + h]], np.float32)
            whole['bbox'] = corners.clip(0, whole['bbox'][:, [2, 3, 2, 3]])
        whole.update(
            id=annotation['id'],
            category_id=category.category_id,
            keypoints=values[..., :2],
            keypoints_visible=np.minimum(1, values[..., 2]),
            num_keypoints=int((values[..., 2] > 0).sum()),
            area=np.float32(annotation.get('area', 0)),
            iscrowd=annotation.get('iscrowd', 0),
        )
        if self.test_mode:
            # For the metric. Training would copy hundreds of numbers per sample.
            whole['raw_ann_info'] = annotation
        return whole

    @staticmethod
    def _is_trainable(data_info: dict) -> bool:
        x1, y1, x2, y2 = data_info['bbox'][0]
        has_area = x2 > x1 and y2 > y1
        return has_area and data_info['num_keypoints'] > 0 and not data_info['iscrowd']

    def _whole_image(self, image: dict, score: float) -> dict:
        """A record whose box is the image, without annotation."""
        num_keypoints = self._metainfo['num_keypoints']
        return dict(
            id=image['id'],
            img_id=image['id'],
            img_path=osp.join(self.data_prefix['img'], image_path(image)),
            category_id=image.get('category_id'),
            bbox=np.array([[0, 0, image['width'], image['height']]], np.float32),
            bbox_score=np.full(1, score, np.float32),
            keypoints=np.zeros((1, num_keypoints, 2), np.float32),
            keypoints_visible=np.zeros((1, num_keypoints), np.float32),
            raw_ann_info=None,
        )

    def _check_category(self, category_id, entry: str, path: str) -> garments.Garment:
        try:
            category = garments.category_of_id(self.benchmark, category_id)
        except ValueError as error:
            raise ValueError(f'{path}: {entry}: {error}') from None
        return category

    # ---------------------------------------------------------- detector boxes

    def _detected(self, images: dict, annotations: list[dict]) -> list[dict]:
        """Records of the detector's boxes; a benchmark may choose among them."""
        return [
            self._box_record(index, detection, images)
            for index, detection in enumerate(self._read_boxes(images))
        ]

    def _box_record(self, index: int, detection: dict, images: dict) -> dict:
        image = images[detection['image_id']]
        data_info = self._whole_image(image, score=detection['score'])
        x, y, w, h = detection['bbox']
        data_info.update(
            id=index,
            category_id=detection['category_id'],
            bbox=np.array([[x, y, x + w, y + h]], np.float32),
        )
        return data_info

    def _read_boxes(self, images: dict) -> Iterator[dict]:
        """Yield the boxes of this dataset's category above the score threshold."""
        detections = _read_json(self.bbox_file, 'box file')
        if not isinstance(detections, list):
            raise ValueError(
                f'{self.bbox_file} must hold a list of boxes (image_id, category_id, '
                f'bbox, score), but holds a {type(detections).__name__}'
            )
        threshold = (self.filter_cfg or {}).get('bbox_score_thr', 0)
        for index, detection in enumerate(detections):
            entry = f'box {index}'
            self._check_box(detection, entry, images)
            category = self._check_category(
                detection['category_id'], entry, self.bbox_file
            )
            if self.category not in (None, category.name):
                continue
            if detection['score'] >= threshold:
                yield detection

    def _check_box(self, detection: dict, entry: str, images: dict) -> None:
        where = f'{self.bbox_file}: {entry}'
        needed = {'image_id', 'category_id', 'bbox', 'score'}
        missing = needed - (set(detection) if isinstance(detection, dict) else set())
        if missing:
            raise ValueError(f'{where} has no {sorted(missing)}')
        if detection['image_id'] not in images:
            raise ValueError(
                f'{where} is of image {detection["image_id"]}, which {self.ann_file} '
                'does not list'
            )
        numbers = np.array([*detection['bbox'], detection['score']], np.float64)
        if numbers.shape != (5,) or not np.isfinite(numbers).all():
            raise ValueError(
                f'{where}: bbox must be four finite numbers x, y, w, h and score one, '
                f'got {detection["bbox"]} and {detection["score"]}'
            )
        if numbers[2] <= 0 or numbers[3] <= 0:
            raise ValueError(
                f'{where}: width and height must be positive: {numbers[:4]}'
            )


def _read_json(path: str, kind: str):
    if not osp.exists(path):
        raise FileNotFoundError(f'{kind} {path} does not exist')
    with open(path, encoding='utf-8') as file:
        try:
            return json.load(file)
        except json.JSONDecodeError as error:
            raise ValueError(f'{kind} {path} is not valid JSON: {error}') from error
