"""Training steps that PyTorch compiles."""

import torch
from mmengine.model import is_model_wrapper
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
    network = model.module if is_model_wrapper(model) else model
    network.loss = torch.compile(network.loss, **options)
