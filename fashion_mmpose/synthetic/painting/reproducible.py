"""The same pixels on every processor."""

from collections.abc import Iterator
from contextlib import contextmanager

import cv2


@contextmanager
def same_on_all_processors() -> Iterator[None]:
    """Keep OpenCV from Intel's IPP, whose blurs round by the processor's instructions.

    OpenCV's own code gives equal pixels with and without AVX2 and AVX-512. The setting
    is that of the calling thread, and is taken back at the end.
    """
    before = cv2.ipp.useIPP()
    cv2.ipp.setUseIPP(False)
    try:
        yield
    finally:
        cv2.ipp.setUseIPP(before)
