"""PyTorch's networks from Python: what they say about pictures."""

# Registers what configs name.
import fashion_mmpose.plugin  # noqa: F401

from .detection import GarmentDetector
from .parts import network_digest, stored_parts
from .pose import PoseNetwork, build_networks, pose_by_category

__all__ = [
    'GarmentDetector',
    'PoseNetwork',
    'build_networks',
    'pose_by_category',
    'network_digest',
    'stored_parts',
]
