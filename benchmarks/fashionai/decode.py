"""Maps of FashionAI to points: the CPN system's decoding, and MMPose's."""

import torch
from mmpose.registry import KEYPOINT_CODECS

from benchmarks.recipes import config, stock_codec
from benchmarks.report import Figures
from benchmarks.timing import alternate, per_image
from fashion_mmpose import garments

CATEGORY = 'blouse'
NUM_KEYPOINTS = len(garments.keypoints('fashionai', CATEGORY))


def decode(rounds: int, batch_size: int = 16) -> Figures:
    """Time to decode 13 maps of 128x128.

    Args:
        rounds: Turns of each side.
        batch_size: Samples that ours decodes at once, and MMPose one by one.

    Returns:
        Figures: ``ms_per_image`` of the CPN system's decoding (blur, two maxima), of
        ours with a quarter step alone, of MMPose's quarter step, and of its blurred
        Newton step (DARK).
    """
    codec = config('cpn_r152_fashionai_blouse').codec
    ours = KEYPOINT_CODECS.build(codec)
    plain = KEYPOINT_CODECS.build(
        dict(codec, decode_mode='quarter', blur_kernel_size=0, min_variance=0)
    )
    stock = {
        name: KEYPOINT_CODECS.build(stock_codec(codec, unbiased=unbiased))
        for name, unbiased in (('mmpose', False), ('mmpose, blurred (DARK)', True))
    }
    width, height = ours.heatmap_size
    generator = torch.Generator().manual_seed(0)
    points = torch.rand(batch_size * NUM_KEYPOINTS, 2, generator=generator) * width
    maps = ours.render(points)
    maps += torch.rand(maps.shape, generator=generator)
    maps = maps.view(batch_size, NUM_KEYPOINTS, height, width)

    def decode_ours(codec) -> int:
        codec.batch_decode(maps)
        return batch_size

    def decode_stock(codec) -> int:
        for sample in maps.numpy():
            codec.decode(sample)
        return batch_size

    sides = {
        'ours': lambda: decode_ours(ours),
        'ours, quarter step': lambda: decode_ours(plain),
    }
    for name, codec in stock.items():
        sides[name] = lambda codec=codec: decode_stock(codec)
    return per_image(alternate(sides, rounds))
