"""Example pictures, drawn when somebody asks for them."""

import cv2
import numpy as np

from fashion_mmpose.measure import Marker
from fashion_mmpose.synthetic import draw_deepfashion2, draw_fashionai, draw_laid_flat

MARKER_CM = 10.0  # the side of the marker in the flat example
_SEED = 20


def example_names(benchmark: str) -> tuple[str, ...]:
    """The examples that there are for a benchmark; none for one of the user's own."""
    return tuple(_DRAWN.get(benchmark, {}))


def draw_example(benchmark: str, name: str) -> tuple[np.ndarray, str | None]:
    """Draw an example.

    Args:
        benchmark: Name of a built-in benchmark.
        name: One of :func:`example_names`.

    Returns:
        tuple: The picture, BGR, uint8, shape (H, W, 3); and the category that the user
        would have to choose for it, None where a detector finds it.

    Raises:
        KeyError: If there is no such example.
    """
    return _DRAWN[benchmark][name]()


def as_file(pixels: np.ndarray) -> bytes:
    """A drawn picture as the file that somebody could have sent."""
    return cv2.imencode('.png', pixels)[1].tobytes()


def _worn(category: str, index: int):
    return lambda: (draw_deepfashion2(_SEED, index, category).image, None)


def _flat():
    marker = Marker(MARKER_CM)
    return draw_laid_flat('short_sleeved_shirt', _SEED, 2, marker).image, None


def _fashionai(category: str):
    return lambda: (draw_fashionai(category, _SEED, 1).image, category)


_DRAWN = {
    'deepfashion2': {
        'A shirt and trousers': _worn('trousers', 34),
        'A dress': _worn('long_sleeved_dress', 5),
        'A shirt and a 10 cm marker': _flat,
    },
    'fashionai': {
        'A blouse': _fashionai('blouse'),
        'A skirt': _fashionai('skirt'),
    },
}
