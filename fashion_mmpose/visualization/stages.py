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
) -> np.ndarray:
    """The maps of the stages, the target, and the target over the input, in a row.

    Args:
        image: The network's input, BGR, uint8, shape (h, w, 3).
        stages: Name and heatmaps (K, H, W) of each stage; K may differ from stage to
            stage. The maximum over K is shown.
        target: Heatmaps (K, H, W), on the same scale as those of the stages.
        cell: Side of a cell, in pixels.

    Returns:
        np.ndarray: BGR, uint8, shape (cell, (number of stages + 2) * cell, 3).
    """
    size = image.shape[1::-1]
    # One scale for all: a stage that is fainter than the target looks fainter.
    peak = max(float(target.max()), 1e-6)
    pictures = [_colored(maps.max(0) / peak, size) for maps in stages.values()]
    colored = _colored(target.max(0) / peak, size)
    pictures.append(colored)
    opacity = _resized(target.max(0) / peak, size)[..., None]
    overlay = image * (1 - 0.7 * opacity) + colored * (0.7 * opacity)
    pictures.append(overlay.round().astype(np.uint8))
    captions = [*stages, 'target', 'target over input']
    return picture_grid(pictures, len(pictures), cell, captions)


def _resized(heatmap: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """(H, W) -> float32 (h, w) in [0, 1]."""
    clipped = np.clip(heatmap, 0, 1).astype(np.float32)
    return cv2.resize(clipped, size, interpolation=cv2.INTER_LINEAR)


def _colored(heatmap: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """(H, W) in units of the target's peak -> BGR (h, w, 3)."""
    levels = (255 * _resized(heatmap, size)).round().astype(np.uint8)
    return cv2.applyColorMap(levels, cv2.COLORMAP_VIRIDIS)
