"""Heads: feature maps to heatmaps."""

from .cpm_refine_head import CPMRefineHead
from .cpn_head import CPNHead
from .lateral_heatmap_head import LateralHeatmapHead
from .point_heatmap_head import PointHeatmapHead
from .point_simcc_head import PointSimCCHead

__all__ = [
    'CPMRefineHead',
    'CPNHead',
    'LateralHeatmapHead',
    'PointHeatmapHead',
    'PointSimCCHead',
]
