"""A training sample of FashionAI from its JPEG: our dataset and steps, and MMPose's."""

import json
import tempfile
from pathlib import Path

import cv2
import numpy as np
from mmpose.registry import DATASETS

from benchmarks.recipes import config
from benchmarks.report import Figures
from benchmarks.timing import alternate, per_image
from fashion_mmpose import garments
from fashion_mmpose.formats.coco.annotations import coco_categories
from fashion_mmpose.synthetic import draw_fashionai

CATEGORY = 'blouse'
GARMENT = garments.garment('fashionai', CATEGORY)
SIDE = 512  # pixels of a picture


def pipeline(rounds: int, num_pictures: int = 16) -> Figures:
    """Time of a training sample from a 512x512 JPEG.

    Args:
        rounds: Turns of each side.
        num_pictures: Samples of a turn.

    Returns:
        Figures: ``ms_per_image`` of our dataset and the CPN recipe's steps, of these
        with decoded pictures in memory, and of MMPose's COCO dataset and steps with
        dense targets.
    """
    with tempfile.TemporaryDirectory() as folder:
        ann_file = _draw_pictures(Path(folder), num_pictures)
        common = dict(ann_file=ann_file, data_prefix=dict(img=folder))
        configs = dict(
            ours=dict(
                type='FashionAIDataset',
                category=CATEGORY,
                bbox_source='image',
                pipeline=config(
                    'cpn_r152_fashionai_blouse'
                ).train_dataloader.dataset.pipeline,
            )
        )
        # Filled by the turn that is not counted.
        room = dict(megabytes=3 * SIDE * SIDE * num_pictures / 1e6)
        configs['ours, cached'] = dict(configs['ours'], cache=room)
        for name, unbiased in (('mmpose', False), ('mmpose, unbiased targets', True)):
            configs[name] = dict(
                type='CocoDataset',
                metainfo=garments.metainfo('fashionai', CATEGORY),
                pipeline=_stock_pipeline(unbiased),
            )
        datasets = {
            name: DATASETS.build(dict(**dataset, **common))
            for name, dataset in configs.items()
        }

        def load(dataset) -> int:
            for index in range(num_pictures):
                dataset[index]
            return num_pictures

        sides = {
            name: lambda dataset=dataset: load(dataset)
            for name, dataset in datasets.items()
        }
        return per_image(alternate(sides, rounds))


def _draw_pictures(folder: Path, num: int) -> str:
    """Drawn garments as JPEGs, with random key points; the path of their JSON."""
    rng = np.random.default_rng(0)
    count = len(GARMENT.keypoints)
    images, annotations = [], []
    for index in range(1, num + 1):
        picture = cv2.resize(draw_fashionai(CATEGORY, 0, index).image, (SIDE, SIDE))
        cv2.imwrite(str(folder / f'{index}.jpg'), picture)
        images.append(
            dict(
                id=index,
                file_name=f'{index}.jpg',
                width=SIDE,
                height=SIDE,
                category_id=GARMENT.category_id,
            )
        )
        points = rng.integers(20, SIDE - 20, (count, 2))
        keypoints = np.column_stack((points, np.full(count, 2)))
        annotations.append(
            dict(
                id=index,
                image_id=index,
                category_id=GARMENT.category_id,
                bbox=[0, 0, SIDE, SIDE],
                area=SIDE * SIDE,
                iscrowd=0,
                num_keypoints=count,
                keypoints=keypoints.ravel().tolist(),
            )
        )
    content = dict(
        images=images,
        annotations=annotations,
        categories=coco_categories('fashionai', CATEGORY),
    )
    path = folder / 'annotations.json'
    path.write_text(json.dumps(content))
    return str(path)


def _stock_pipeline(unbiased: bool) -> list[dict]:
    """Unbiased targets are centred between cells, as ours are."""
    codec = dict(
        type='MSRAHeatmap',
        input_size=(512, 512),
        heatmap_size=(128, 128),
        sigma=8,
        unbiased=unbiased,
    )
    return [
        dict(type='LoadImage'),
        dict(type='GetBBoxCenterScale', padding=1.0),
        dict(type='RandomFlip', direction='horizontal'),
        dict(type='RandomBBoxTransform', shift_prob=0, rotate_factor=30),
        dict(type='TopdownAffine', input_size=codec['input_size']),
        dict(type='GenerateTarget', encoder=codec),
        dict(type='PackPoseInputs'),
    ]
