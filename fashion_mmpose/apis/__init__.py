"""PyTorch's networks from Python: what they say about pictures."""

from fashion_mmpose import compat

compat.setup()

from .detection import GarmentDetector
from .pose import PoseNetwork, build_networks

__all__ = ['GarmentDetector', 'PoseNetwork', 'build_networks']
