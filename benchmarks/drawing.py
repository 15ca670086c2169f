"""Pictures that are drawn to train with, beside what writing them as JPEG takes."""

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
    outfits = [
        (category, index)
        for category in garments.categories('deepfashion2')
        for index in range(per_category)
    ]
    single = [
        (category, index)
        for category in garments.categories('fashionai')
        for index in range(per_category)
    ]
    images = [
        draw_deepfashion2(0, index, category).image for category, index in outfits
    ]

    def draw_outfits() -> int:
        for category, index in outfits:
            draw_deepfashion2(0, index, category)
        return len(outfits)

    def draw_garments() -> int:
        for category, index in single:
            draw_fashionai(category, 0, index)
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
