"""Our head and codec, MMPose's, and random data for both: DeepFashion2 at full size.

294 channels of 96x72 over an input of 384x288, as in the HRNet recipe.
"""

import numpy as np
import torch
from mmpose.datasets.datasets.utils import parse_pose_metainfo
from mmpose.registry import KEYPOINT_CODECS, MODELS
from mmpose.structures import PoseDataSample
from torch import Tensor, nn

from benchmarks.recipes import config, stock_codec
from fashion_mmpose import garments

BENCHMARK = 'deepfashion2'
SIDES = ('ours', 'mmpose')
RECIPE = 'hrnet_w48_deepfashion2_384x288'
GARMENTS = tuple(garments.benchmark(BENCHMARK).garments.values())
NUM_KEYPOINTS = len(garments.keypoints(BENCHMARK))


def codec_config(side: str, **options) -> dict:
    """The recipe's codec, or MMPose's for the same grid.

    Args:
        side: ``'ours'`` or ``'mmpose'``.
        **options: Other options of that codec.
    """
    codec = config(RECIPE).codec.to_dict()
    return {**codec, **options} if side == 'ours' else stock_codec(codec, **options)


def build_codec(side: str, **options):
    """The codec of :func:`codec_config`."""
    return KEYPOINT_CODECS.build(codec_config(side, **options))


def build_head(side: str, codec: dict) -> nn.Module:
    """The recipe's head, or MMPose's with its usual loss."""
    head = config(RECIPE).model.head.to_dict()
    if side != 'ours':
        head.update(stock_head(codec))
    torch.manual_seed(0)
    return MODELS.build(dict(head, decoder=codec))


def stock_head(codec: dict) -> dict:
    """What MMPose's head with its usual loss has in place of the recipe's settings.

    Args:
        codec: MMPose's.
    """
    loss = dict(type='KeypointMSELoss', use_target_weight=True)
    return dict(type='HeatmapHead', loss=loss, decoder=codec)


def items(
    num: int, seed: int = 0, input_size: tuple[int, int] | None = None
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Garments of all categories by turns, with landmarks anywhere in the input.

    Args:
        num: How many.
        seed: Of the landmarks.
        input_size: Width and height of the input in pixels; None for the recipe's.

    Returns:
        list: Of each garment the landmarks in pixels of the input, float32 (1, K, 2),
        and which of them are labelled, those of its category, float32 (1, K).
    """
    rng = np.random.default_rng(seed)
    size = input_size or config(RECIPE).codec.input_size
    result = []
    for garment in categories(num):
        channels = list(garment.channels)
        keypoints = np.zeros((1, NUM_KEYPOINTS, 2), np.float32)
        visible = np.zeros((1, NUM_KEYPOINTS), np.float32)
        keypoints[0, channels] = rng.uniform(0, size, (len(channels), 2))
        visible[0, channels] = 1
        result.append((keypoints, visible))
    return result


def categories(num: int) -> list[garments.Garment]:
    """The categories by turns."""
    return [GARMENTS[index % len(GARMENTS)] for index in range(num)]


def unannotated(num: int) -> list[PoseDataSample]:
    """Samples of all categories by turns, to be predicted."""
    flip_indices = parse_pose_metainfo(garments.metainfo(BENCHMARK))['flip_indices']
    return [
        PoseDataSample(
            metainfo=dict(
                dataset_name=BENCHMARK,
                category_id=garment.category_id,
                flip_indices=flip_indices,
            )
        )
        for garment in categories(num)
    ]


def features(num: int, seed: int = 0) -> Tensor:
    """What the backbone hands to the head, shape (num, C, H, W)."""
    recipe = config(RECIPE)
    width, height = recipe.codec.heatmap_size
    generator = torch.Generator().manual_seed(seed)
    shape = (num, recipe.model.head.in_channels, height, width)
    return torch.randn(shape, generator=generator)
