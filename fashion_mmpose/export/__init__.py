"""From PyTorch's networks to ONNX files, which :mod:`fashion_mmpose.inference` runs."""

from fashion_mmpose import compat

compat.setup()

from .pose import export_pose

__all__ = ['export_pose']
