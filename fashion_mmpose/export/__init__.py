"""From PyTorch's networks to ONNX files, which :mod:`fashion_mmpose.inference` runs."""

from .network import export_network

__all__ = ['export_network']
