"""A picture of what the stages of a network see in one sample."""

from collections.abc import Mapping

import cv2
import numpy as np

from .drawing import picture_grid


def stage_picture(
    image: np.ndarray,
    stages: Mapping[str, np.ndarray],
    target: np.ndarray,
    cell: int = 256,
    offset: float = 0.0,
) -> np.ndarray:
    """The maps of the stages, the target, and the target over the input, in a row.

    Args:
        image: The network's input, BGR, uint8, shape (h, w, 3).
        stages: Name and heatmaps (K, H, W) of each stage; K may differ from stage to
            stage. The maximum over K is shown.
        target: Heatmaps (K, H, W), on the same scale as those of the stages.
        cell: Side of a cell of the picture, in pixels.
        offset: Pixel of the input, in x and y, on which the centre of a heatmap's first
            cell lies.

    Returns:
        np.ndarray: BGR, uint8, shape (cell, (number of stages + 2) * cell, 3).
    """
    height, width = image.shape[:2]
    # One scale for all: a stage that is fainter than the target looks fainter.
    peak = max(float(target.max()), 1e-6)
    heights = [
        _over_input(maps.max(0) / peak, (width, height), offset)
        for maps in (*stages.values(), target)
    ]
    pictures = [_colored(values) for values in heights]
    opacity = 0.7 * heights[-1][..., None]
    overlay = image * (1 - opacity) + pictures[-1] * opacity
    pictures.append(overlay.round().astype(np.uint8))
    captions = [*stages, 'target', 'target over input']
    return picture_grid(pictures, len(pictures), cell, captions)


def _over_input(
    heatmap: np.ndarray, size: tuple[int, int], offset: float
) -> np.ndarray:
    """(H, W) in units of the target's peak -> float32 (h, w) in [0, 1].

    Not ``cv2.resize``, by which the corners of the map and of the input meet: the
    target would lie up to half a cell beside its key point.
    """
    strides = np.divide(size, heatmap.shape[::-1])  # pixels a cell, (x, y)
    matrix = np.column_stack((np.diag(strides), (offset, offset)))
    warped = cv2.warpAffine(
        np.clip(heatmap, 0, 1).astype(np.float32),
        matrix,
        size,
        flags=cv2.INTER_CUBIC,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return np.clip(warped, 0, 1)


def _colored(heights: np.ndarray) -> np.ndarray:
    """(h, w) in [0, 1] -> BGR (h, w, 3)."""
    levels = (255 * heights).round().astype(np.uint8)
    return cv2.applyColorMap(levels, cv2.COLORMAP_VIRIDIS)
