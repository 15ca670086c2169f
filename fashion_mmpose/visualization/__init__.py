"""Drawing what MMPose's visualizer cannot."""

from .compared_garment import ComparedGarment, garment_grid
from .drawing import draw_keypoints, draw_truth, picture_grid
from .measuring_lines import draw_measurements, length_text
from .pictures import draw_predictions
from .results import prediction_grid, training_curves

__all__ = [
    'ComparedGarment',
    'draw_keypoints',
    'draw_measurements',
    'draw_predictions',
    'draw_truth',
    'garment_grid',
    'length_text',
    'picture_grid',
    'prediction_grid',
    'training_curves',
]
