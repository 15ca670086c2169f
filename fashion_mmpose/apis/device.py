"""Where networks compute."""

import torch
from torch import nn

from fashion_mmpose.stack.process import keep_memory


def run_on(model: nn.Module, device: str | torch.device) -> None:
    """Let a network compute on a device, or on the best one for ``'auto'``."""
    model.to(choose_device(device)).eval()
    if next(model.parameters()).device.type == 'cpu':
        keep_memory()


def choose_device(device: str | torch.device) -> str | torch.device:
    """The device itself; for ``'auto'`` a GPU if there is one, or the CPU."""
    if device != 'auto':
        return device
    return 'cuda' if torch.cuda.is_available() else 'cpu'
