"""Networks from Python: what they say about pictures."""

from .detection import Detections, GarmentDetector

__all__ = ['Detections', 'GarmentDetector']
