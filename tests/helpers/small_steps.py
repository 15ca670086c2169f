"""Steps of small networks with either kind of head."""

import numpy as np
import torch
from mmengine.optim import OptimWrapper
from mmengine.registry import DefaultScope
from mmengine.structures import InstanceData
from mmpose.registry import KEYPOINT_CODECS, MODELS
from mmpose.structures import PoseDataSample

NUM_KEYPOINTS, SIDE = 4, 64
CODEC = dict(
    type='PointHeatmap', input_size=(SIDE, SIDE), heatmap_size=(16, 16), sigma=2
)
HEADS = {
    'one stage': dict(type='PointHeatmapHead', in_channels=512),
    'cascade': dict(type='CPNHead', in_channels=(64, 128, 256, 512), channels=32),
}


def build(head, num_stages=4):
    """A network with the same weights every time, in training.

    Its backbone is a ResNet of so many stages.
    """
    stages = range(num_stages)
    is_cascade = head['type'] == 'CPNHead'
    torch.manual_seed(0)
    model = dict(
        type='TopdownPoseEstimator',
        data_preprocessor=dict(type='PoseDataPreprocessor'),
        backbone=dict(
            type='ResNet',
            depth=18,
            num_stages=num_stages,
            strides=[min(stage + 1, 2) for stage in stages],
            dilations=[1] * num_stages,
            out_indices=stages if is_cascade else stages[-1:],
        ),
        head=dict(head, out_channels=NUM_KEYPOINTS, decoder=CODEC),
    )
    with DefaultScope.overwrite_default_scope('mmpose'):
        return MODELS.build(model).train()


def batch(num=2):
    rng = np.random.default_rng(0)
    codec = KEYPOINT_CODECS.build(CODEC)
    samples = []
    for _ in range(num):
        points = rng.uniform(8, 56, (1, NUM_KEYPOINTS, 2)).astype(np.float32)
        sample = PoseDataSample()
        sample.gt_instance_labels = InstanceData(**codec.encode(points)).to_tensor()
        samples.append(sample)
    pixels = rng.integers(0, 255, (num, 3, SIDE, SIDE), dtype=np.uint8)
    return dict(inputs=list(torch.from_numpy(pixels)), data_samples=samples)


def trained(model, wrapper=OptimWrapper, num=2, num_pictures=2):
    """Losses of some steps."""
    optimizer = wrapper(optimizer=torch.optim.SGD(model.parameters(), lr=1e-4))
    pictures = [batch(num_pictures) for _ in range(num)]
    return [model.train_step(each, optimizer)['loss'].item() for each in pictures]
