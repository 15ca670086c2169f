"""Drawing what MMPose's visualizer cannot."""

from .drawing import draw_keypoints, draw_truth, picture_grid
from .results import prediction_grid, training_curves

__all__ = [
    'draw_keypoints',
    'draw_truth',
    'picture_grid',
    'prediction_grid',
    'training_curves',
]
