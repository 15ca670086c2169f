"""A whole training step of a small network on FashionAI, with our head and MMPose's."""

from collections.abc import Callable
from contextlib import ExitStack

import numpy as np
import torch
from mmengine.optim import OptimWrapper
from mmengine.structures import InstanceData, PixelData
from mmpose.registry import KEYPOINT_CODECS, MODELS
from mmpose.structures import PoseDataSample

from benchmarks.fresh_process import apart
from benchmarks.recipes import stock_codec
from benchmarks.report import Figures
from benchmarks.timing import by_turns, per_image
from fashion_mmpose import garments
from fashion_mmpose.stack.process import keep_memory

NUM_KEYPOINTS = len(garments.keypoints('fashionai', 'blouse'))


def train_step(rounds: int, batch_size: int = 8, size: int = 256) -> Figures:
    """Time of forward, loss, backward and update of a ResNet-18.

    Each side has a process of its own: our runner lets it keep the memory that layers
    free, on a CPU, see :class:`fashion_mmpose.engine.train_loop.PatientRunner`.

    Args:
        rounds: Turns of each side.
        batch_size: Samples of a step.
        size: Width and height of the input in pixels.

    Returns:
        Figures: ``ms_per_image`` with point targets, drawn by the head, and with dense
        targets from the loader.
    """
    codec = dict(
        type='PointHeatmap',
        input_size=(size, size),
        heatmap_size=(size // 4, size // 4),
        sigma=2,
    )
    heads = dict(
        ours=dict(type='PointHeatmapHead', loss=dict(type='LabelledMSELoss')),
        mmpose=dict(
            type='HeatmapHead',
            loss=dict(type='KeypointMSELoss', use_target_weight=True),
        ),
    )
    codecs = dict(ours=codec, mmpose=stock_codec(codec))
    with ExitStack() as processes:
        sides = {
            name: processes.enter_context(
                apart(_training, head, codecs[name], batch_size, size, name == 'ours')
            )
            for name, head in heads.items()
        }
        return per_image(by_turns(sides, rounds))


def _training(
    head: dict, codec: dict, batch_size: int, size: int, is_ours: bool
) -> Callable[[], int]:
    """Steps as they are run by the runner of this package, or by MMEngine's."""
    if is_ours:
        keep_memory()
    torch.manual_seed(0)
    model = MODELS.build(
        dict(
            type='TopdownPoseEstimator',
            data_preprocessor=dict(type='PoseDataPreprocessor'),
            backbone=dict(type='ResNet', depth=18),
            head=dict(
                in_channels=512, out_channels=NUM_KEYPOINTS, decoder=codec, **head
            ),
        )
    ).train()
    optimizer = OptimWrapper(torch.optim.SGD(model.parameters(), lr=1e-3))
    encoder = KEYPOINT_CODECS.build(codec)
    rng = np.random.default_rng(0)
    points = rng.uniform(0, size, (batch_size, 1, NUM_KEYPOINTS, 2)).astype(np.float32)
    samples = [
        packed(encoder.encode(one, np.ones((1, NUM_KEYPOINTS), np.float32)))
        for one in points
    ]
    inputs = [torch.zeros(3, size, size, dtype=torch.uint8) for _ in samples]

    def step() -> int:
        batch = dict(inputs=list(inputs), data_samples=samples)
        model.train_step(batch, optimizer)
        return batch_size

    return step


def packed(encoded: dict) -> PoseDataSample:
    """What the loader hands over of a codec's targets: points, or dense maps."""
    sample = PoseDataSample()
    labels = {key: value for key, value in encoded.items() if key != 'heatmaps'}
    sample.gt_instance_labels = InstanceData(**labels).to_tensor()
    if 'heatmaps' in encoded:
        sample.gt_fields = PixelData(heatmaps=encoded['heatmaps']).to_tensor()
    return sample
