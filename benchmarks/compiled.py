"""A training step as it is, and handed to ``torch.compile``."""

import tempfile

import torch

from .costs import Drawn, first_batch
from .gpu_costs import repeated, training_step
from .report import Figures
from .timing import alternate

CONFIG = 'starter/fashionai'
BATCH_SIZE = 16


def compiled(
    rounds: int,
    batch_size: int = BATCH_SIZE,
    config: str = CONFIG,
    backend: str = 'inductor',
) -> Figures:
    """Time of both, with ``--amp`` and channels last, on a GPU if there is one.

    Args:
        rounds: Steps of both, by turns, after one that is not counted, in which
            compiling takes some minutes.
        batch_size: Pictures of a step. Defaults to 16.
        config: The network. Defaults to the starter's.
        backend: Of ``torch.compile``. Defaults to ``'inductor'``.

    Returns:
        Figures: ``ms_per_picture`` of ``'compiled'`` and ``'as it is'``.
    """
    device = 'cuda' if torch.cuda.is_available() else 'cpu'
    with tempfile.TemporaryDirectory() as folder:
        cfg = Drawn(folder).config(config)
        batch = repeated(first_batch(cfg.train_dataloader, batch_size), batch_size)
    sides = {
        'compiled': training_step(cfg, batch, device, amp=True, backend=backend),
        'as it is': training_step(cfg, batch, device, amp=True),
    }
    return {
        side: dict(ms_per_picture=value)
        for side, value in alternate(sides, rounds).items()
    }
