"""Heads: feature maps to heatmaps."""

from .cpn_head import CPNHead
from .point_heatmap_head import PointHeatmapHead

__all__ = ['CPNHead', 'PointHeatmapHead']
