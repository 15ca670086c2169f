"""Heads on samples of MMPose's own datasets, which name no garment."""

import json

import cv2
import numpy as np
import pytest
import torch
from mmengine.dataset import pseudo_collate
from mmengine.registry import DefaultScope
from mmpose.registry import DATASETS, MODELS

CODEC = dict(type='PointHeatmap', input_size=(64, 64), heatmap_size=(16, 16), sigma=1.5)
HEADS = [
    pytest.param(
        (3,),
        dict(
            type='PointHeatmapHead',
            in_channels=512,
            deconv_out_channels=(16, 16, 16),
            deconv_kernel_sizes=(4, 4, 4),
        ),
        id='PointHeatmapHead',
    ),
    pytest.param(
        (0, 1, 2, 3),
        dict(type='CPNHead', in_channels=(64, 128, 256, 512), channels=16),
        id='CPNHead',
    ),
]


@pytest.fixture
def people(tmp_path):
    """A COCO file of two people in one picture."""
    cv2.imwrite(str(tmp_path / 'a.png'), np.full((80, 100, 3), 128, np.uint8))
    rng = np.random.default_rng(0)
    annotations = [
        dict(
            id=index + 1,
            image_id=1,
            category_id=1,
            iscrowd=0,
            num_keypoints=17,
            area=1200.0,
            bbox=[5 + 40 * index, 10, 40, 60],
            keypoints=np.column_stack(
                (rng.uniform((10, 15), (40, 65), (17, 2)), np.full(17, 2))
            )
            .ravel()
            .tolist(),
        )
        for index in range(2)
    ]
    content = dict(
        images=[dict(id=1, file_name='a.png', width=100, height=80)],
        annotations=annotations,
        categories=[dict(id=1, name='person')],
    )
    (tmp_path / 'people.json').write_text(json.dumps(content))
    return tmp_path


def batch_of(people, test_mode):
    pipeline = [
        dict(type='LoadImage'),
        dict(type='GetBBoxCenterScale'),
        dict(type='TopdownAffine', input_size=(64, 64)),
    ]
    if not test_mode:
        pipeline.append(dict(type='GenerateTarget', encoder=CODEC))
    dataset = DATASETS.build(
        dict(
            type='CocoDataset',
            data_root=str(people),
            ann_file='people.json',
            data_prefix=dict(img=''),
            test_mode=test_mode,
            pipeline=[*pipeline, dict(type='PackPoseInputs')],
        )
    )
    assert len(dataset) == 2
    return pseudo_collate([dataset[0], dataset[1]])


@pytest.mark.slow
@pytest.mark.parametrize('out_indices, head', HEADS)
def test_coco_dataset(people, out_indices, head):
    with DefaultScope.overwrite_default_scope('mmpose'):
        model = MODELS.build(
            dict(
                type='TopdownPoseEstimator',
                data_preprocessor=dict(type='PoseDataPreprocessor'),
                backbone=dict(type='ResNet', depth=18, out_indices=out_indices),
                head=dict(head, out_channels=17, decoder=CODEC),
                test_cfg=dict(flip_test=True),
            )
        )
        training, testing = (batch_of(people, mode) for mode in (False, True))
    # MMPose's datasets give the category as an array.
    assert isinstance(training['data_samples'][0].category_id, np.ndarray)
    losses = model(**model.data_preprocessor(training, training=True), mode='loss')
    total = sum(value for name, value in losses.items() if 'loss' in name)
    total.backward()
    assert torch.isfinite(total) and total > 0
    results = model.eval().test_step(testing)
    assert len(results) == 2
    for result in results:
        assert result.pred_instances.keypoints.shape == (1, 17, 2)
        assert result.pred_instances.keypoint_scores.shape == (1, 17)
        assert np.isfinite(result.pred_instances.keypoints).all()
