"""What the heads learn, and how it is read back."""

from .point_heatmap import PointHeatmap

__all__ = ['PointHeatmap']
