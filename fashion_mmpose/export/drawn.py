"""Drawn pictures on which an exported network is compared with PyTorch."""

from functools import cache

from fashion_mmpose.synthetic.deepfashion2 import DrawnPicture, draw_deepfashion2

SEED = 20
NUM_PICTURES = 6


@cache
def drawn_pictures() -> tuple[DrawnPicture, ...]:
    """The same few pictures of people, whatever the network was trained on."""
    return tuple(draw_deepfashion2(SEED, index) for index in range(NUM_PICTURES))
