"""Garments over the frames of a video: which is which, cuts, and steady landmarks."""

from .association import BoxTracker
from .cuts import CutDetector
from .smoothing import PointSmoother
from .tracks import FrameBoxes, Tracks

__all__ = ['BoxTracker', 'CutDetector', 'FrameBoxes', 'PointSmoother', 'Tracks']
