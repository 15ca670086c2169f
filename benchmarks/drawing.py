"""Pictures that are drawn to train with, beside what writing them as JPEG takes."""

from itertools import product

import cv2

from fashion_mmpose import garments
from fashion_mmpose.synthetic import draw_deepfashion2, draw_fashionai

from .report import Figures
from .timing import alternate, per_image

PER_CATEGORY = 3


def drawing(rounds: int, per_category: int = PER_CATEGORY) -> Figures:
    """Time of a picture, of all categories alike.

    Args:
        rounds: Turns of each side, of the same pictures.
        per_category: Pictures of each category. Defaults to 3.

    Returns:
        Figures: ``ms_per_image`` of DeepFashion2's outfits and of FashionAI's garments
        as they are drawn, and of the outfits as OpenCV encodes them.
    """
    outfits, single = (
        list(product(garments.categories(each), range(per_category)))
        for each in ('deepfashion2', 'fashionai')
    )
    images = [draw_deepfashion2(0, index, name).image for name, index in outfits]

    def draw_outfits() -> int:
        for name, index in outfits:
            draw_deepfashion2(0, index, name)
        return len(outfits)

    def draw_garments() -> int:
        for name, index in single:
            draw_fashionai(name, 0, index)
        return len(single)

    def write_outfits() -> int:
        for image in images:
            cv2.imencode('.jpg', image)
        return len(images)

    sides = {
        'outfits': draw_outfits,
        'garments': draw_garments,
        'outfits to JPEG': write_outfits,
    }
    return per_image(alternate(sides, rounds))
