"""Adapts the maintained forks of MMEngine and MMCV, and does nothing without them."""

import importlib
import sys


def tell_of_operators() -> None:
    """Let ``mmcv_full_available`` tell torchvision's operators from a compiled mmcv.

    MMEngine asks for a loader, which they do not have; its fork asks for a spec, which
    a module must have.
    """
    misc = importlib.import_module('mmengine.utils.dl_utils.misc')
    original = misc.mmcv_full_available
    if not original():
        return

    def mmcv_full_available() -> bool:
        """Whether mmcv is installed with compiled operators: it is not."""
        return False

    name = original.__name__
    for module in [*sys.modules.values()]:
        if getattr(module, '__dict__', {}).get(name) is original:
            setattr(module, name, mmcv_full_available)


def keep_loading_safe() -> None:
    """Let the fork's reader of checkpoints never read more than tensors by itself.

    It allows ``getattr``, which reaches anything, and reads without limits, with a
    warning, what asks for more.
    """
    import torch  # after it was looked for

    checkpoint = importlib.import_module('mmengine.runner.checkpoint')
    if not hasattr(checkpoint, '_safe_torch_load'):
        return

    def load(file, map_location=None, weights_only: bool | None = None):
        """``torch.load`` with its limits, unless the caller wants none."""
        return torch.load(
            file, map_location=map_location, weights_only=weights_only is not False
        )

    checkpoint._safe_torch_load = load
