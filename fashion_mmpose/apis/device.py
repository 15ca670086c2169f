"""Where networks compute."""

import torch


def choose_device(device: str | torch.device) -> str | torch.device:
    """The device itself; for ``'auto'`` a GPU if there is one, or the CPU."""
    if device != 'auto':
        return device
    return 'cuda' if torch.cuda.is_available() else 'cpu'
