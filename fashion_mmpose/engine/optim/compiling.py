"""Training steps that PyTorch compiles."""

import torch
from torch import nn


def compile_losses(model: nn.Module, **options) -> None:
    """Let PyTorch compile the way from inputs to losses, in place.

    MMEngine would compile the whole step. That fails on what a step does besides: it
    copies what is known of the samples, arrays among it, and compares versions where
    the precision is mixed.

    Args:
        model: A network of MMEngine, or its wrapper for several processes.
        **options: Of ``torch.compile``, such as ``backend``.
    """
    plain = model._run_forward
    compiled = torch.compile(plain, **options)

    def run_forward(data: dict | list | tuple, mode: str):
        return (compiled if mode == 'loss' else plain)(data, mode=mode)

    model._run_forward = run_forward
