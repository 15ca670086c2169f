"""What the heads learn, and how it is read back."""

from fashion_mmpose.stack import compat

compat.setup()


from .point_heatmap import PointHeatmap
from .point_simcc import PointSimCC

__all__ = ['PointHeatmap', 'PointSimCC']
