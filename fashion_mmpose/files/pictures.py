"""Write pictures."""

import os
from pathlib import Path

import cv2
import numpy as np

from .outputs import OutputFiles


def write_picture(path: str | os.PathLike, picture: np.ndarray) -> None:
    """Write a picture in the form that its name asks for, complete or not at all.

    Args:
        path: The file; missing folders are made.
        picture: BGR, uint8, shape (H, W, 3).

    Raises:
        ValueError: If OpenCV cannot write pictures of that kind.
    """
    suffix = Path(path).suffix
    try:
        done, encoded = cv2.imencode(suffix, picture)
    except cv2.error as error:
        raise ValueError(f'cannot write {path}: {error}') from error
    if not done:
        raise ValueError(f'cannot write {path}: OpenCV has no encoder for {suffix!r}')
    with OutputFiles() as outputs:
        outputs.open_binary(path).write(encoded.tobytes())
