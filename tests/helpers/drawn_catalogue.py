"""Pictures that are named only, and what would be found in them."""

from collections.abc import Iterable, Iterator

import numpy as np
from predicted_garments import predicted_garment

from fashion_mmpose.catalogue.part_files import Writing
from fashion_mmpose.inference import PicturePrediction
from fashion_mmpose.media.reading import Picture
from fashion_mmpose.media.source import Source

SKIRT = np.array([[10, 10], [40, 10], [5.25, 60], [45, 60.1]])
WRITING = Writing('0123456789abcdef', ('fashionai',), {'skirt': ('a', 'b', 'c', 'd')})


def named(count: int, first: int = 0) -> list[Source]:
    """Sources of pictures that nobody reads."""
    return [
        Source(f'/shop/{n}.jpg', 'picture', f'{n}.jpg')
        for n in range(first, first + count)
    ]


def predicted(source: Source, number: int = 0, garments: int = 1):
    """What is found in a picture: skirts, each a pixel further right."""
    picture = Picture(number, source, np.zeros((80, 64, 3), np.uint8))
    found = tuple(
        predicted_garment(
            'skirt',
            SKIRT + (number + place, 0),
            image_id=number,
            image=source.image,
            bbox_score=0.123456789,
        )
        for place in range(garments)
    )
    return PicturePrediction(picture, found)


class Finder:
    """Finds ``number % 3`` skirts in a picture; every picture in ``bad`` is damaged.

    Args:
        bad: Numbers of pictures that cannot be read.

    Attributes:
        asked: Numbers of the pictures that it was asked for.
    """

    def __init__(self, bad: Iterable[int] = ()) -> None:
        self.bad = {*bad}
        self.asked: list[int] = []

    def __call__(self, sources, category, on_error) -> Iterator[PicturePrediction]:
        assert on_error == 'skip'
        for source in sources:
            self.asked.append(source.number)
            if source.number in self.bad:
                error = f'{source.image} is damaged'
                yield PicturePrediction(
                    Picture(source.number, source, None, error=error), ()
                )
            else:
                yield predicted(source, source.number, source.number % 3)
