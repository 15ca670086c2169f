"""Cuts of a video."""

import cv2
import numpy as np

_SIZE = (32, 32)
_BINS = [4, 4, 4]  # few, so that light may change a little
_MIN_DIFFERENCE = 30.0  # mean of gray levels, of 255
_MAX_CORRELATION = 0.92


class CutDetector:
    """Tells the first frame of another scene.

    Both must be: pixels differ, as they do in fast movements, too, and so do the
    colours, whose histogram movements keep.
    """

    def __init__(self) -> None:
        self._before: tuple[np.ndarray, np.ndarray] | None = None

    def is_cut(self, pixels: np.ndarray) -> bool:
        """Whether a frame begins another scene than the frame before.

        Args:
            pixels: BGR, uint8, shape (H, W, 3).
        """
        small = cv2.resize(pixels, _SIZE, interpolation=cv2.INTER_AREA)
        histogram = cv2.calcHist([small], [0, 1, 2], None, _BINS, [0, 256] * 3)
        now = small.astype(np.float32), histogram.ravel()
        before, self._before = self._before, now
        if before is None:
            return False
        difference = float(np.abs(now[0] - before[0]).mean())
        correlation = cv2.compareHist(before[1], now[1], cv2.HISTCMP_CORREL)
        return difference > _MIN_DIFFERENCE and correlation < _MAX_CORRELATION
