"""Weights as whole numbers of eight bits, with a scale for every first index.

Networks that stay as they are take half the space of half precision in this way. What
is read is exactly what was rounded: a scale has so few bits that its products with
whole numbers need no rounding, so that PyTorch and onnxruntime compute with equal
weights, and rounding once more changes nothing.
"""

import numpy as np

_LARGEST = 127
_LEAST_SIZE = 16  # numbers of an index for which a scale is worth its space
_SCALES = '.scales'


def scales_name(name: str) -> str:
    """What the scales of weights of a name are called."""
    return name + _SCALES


def can_be_rounded(values: np.ndarray) -> bool:
    """Whether weights are so many that they take less space as whole numbers."""
    return values.ndim > 1 and values[0].size >= _LEAST_SIZE


def rounded(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Weights as whole numbers.

    Args:
        values: Shape (C, ...), float32.

    Returns:
        tuple: The whole numbers, shape (C, ...), int8, from -127 to 127; and the
        scales, shape (C,), float32.
    """
    largest = np.abs(values.reshape(len(values), -1)).max(1)
    scales = _short(largest.astype(np.float32) / _LARGEST)
    scales[scales == 0] = 1
    whole = np.rint(values / _along_first(scales, values.ndim))
    return whole.clip(-_LARGEST, _LARGEST).astype(np.int8), scales


def restored(whole: np.ndarray, scales: np.ndarray) -> np.ndarray:
    """Weights from whole numbers (C, ...) and scales (C,): float32, shape (C, ...)."""
    return whole.astype(np.float32) * _along_first(scales, whole.ndim)


def _along_first(scales: np.ndarray, ndim: int) -> np.ndarray:
    return scales.reshape(-1, *(1,) * (ndim - 1))


def _short(values: np.ndarray) -> np.ndarray:
    """Positive float32 with 8 bits of precision, the nearest ones."""
    bits = values.view(np.uint32) + np.uint32(0x8000)
    return (bits & np.uint32(0xFFFF0000)).view(np.float32)
