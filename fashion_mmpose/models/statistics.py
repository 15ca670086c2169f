"""Normalisation layers that keep the statistics that they have."""

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm


def keep_statistics(network: nn.Module) -> None:
    """Let batch normalisation use its running statistics, as in a test.

    Args:
        network (nn.Module): The network or a part of it; a call of ``train`` undoes it.
    """
    for module in network.modules():
        if isinstance(module, _BatchNorm):
            module.eval()
