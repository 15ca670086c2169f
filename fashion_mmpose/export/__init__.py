"""From PyTorch's networks to ONNX files, which :mod:`fashion_mmpose.inference` runs."""

from .network import export_built, export_network

__all__ = ['export_built', 'export_network']
