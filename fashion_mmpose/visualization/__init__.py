"""Drawing what MMPose's visualizer cannot."""

from .drawing import draw_keypoints, draw_truth, picture_grid
from .pictures import draw_predictions
from .predicted_garment import PredictedGarment, garment_grid
from .results import prediction_grid, training_curves

__all__ = [
    'PredictedGarment',
    'draw_predictions',
    'draw_keypoints',
    'draw_truth',
    'garment_grid',
    'picture_grid',
    'prediction_grid',
    'training_curves',
]
