"""Where networks compute."""

import torch
from torch import nn

from fashion_mmpose.stack.process import keep_memory


def run_on(model: nn.Module, device: str | torch.device) -> None:
    """Let a network compute on a device; for ``'auto'`` a GPU if there is one."""
    if device == 'auto':
        device = 'cuda' if torch.cuda.is_available() else 'cpu'
    model.to(device).eval()
    if torch.device(device).type == 'cpu':
        keep_memory()
