"""From PyTorch's networks to ONNX files, which :mod:`fashion_mmpose.inference` runs."""

from fashion_mmpose import compat

compat.setup()

from .network import export_network

__all__ = ['export_network']
