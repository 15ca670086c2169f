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
        MMPose's quarter step, and of its blurred Newton step (DARK).
    """
    codec = config('cpn_r152_fashionai_blouse').codec
    ours = KEYPOINT_CODECS.build(codec)
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

    def decode_ours() -> int:
        ours.batch_decode(maps)
        return batch_size

    def decode_stock(codec) -> int:
        for sample in maps.numpy():
            codec.decode(sample)
        return batch_size

    sides = {'ours': decode_ours}
    for name, codec in stock.items():
        sides[name] = lambda codec=codec: decode_stock(codec)
    return per_image(alternate(sides, rounds))
