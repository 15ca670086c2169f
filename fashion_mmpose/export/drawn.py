"""Drawn pictures on which an exported network is compared with PyTorch."""

from fashion_mmpose.synthetic.deepfashion2 import DrawnPicture, draw_deepfashion2

SEED = 20
NUM_PICTURES = 6


def drawn_pictures() -> list[DrawnPicture]:
    """The same few pictures of people, whatever the network was trained on."""
    return [draw_deepfashion2(SEED, index) for index in range(NUM_PICTURES)]
