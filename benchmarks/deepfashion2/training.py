"""Training the HRNet-W48 of DeepFashion2, with our head and with MMPose's.

MMPose's side is what the published system does: dense targets of all 294 channels come
from the loader, and go to the GPU with the pictures. Ours draws those of the labelled
channels there.
"""

from functools import partial

import torch
from mmengine.config import Config
from mmpose.registry import KEYPOINT_CODECS

from benchmarks.fashionai.train_step import packed
from benchmarks.gpu_costs import BATCH_SIZE, measured, training_step
from benchmarks.recipes import config, stock_codec
from benchmarks.report import Figures

from . import parts

PRECISIONS = {'': False, ', --amp': True}


def training(
    rounds: int,
    batch_size: int = BATCH_SIZE,
    device: str = 'cuda',
    recipe: str = parts.RECIPE,
) -> Figures:
    """Pictures a second and memory, from a batch in the host's memory to the update.

    Args:
        rounds: Steps of each side, after one that is not counted.
        batch_size: Pictures of a step. Defaults to 32.
        device: PyTorch's name of it. Defaults to ``'cuda'``.
        recipe: Name of the config of ours. Defaults to that of the HRNet-W48.

    Returns:
        Figures: For both sides, in float32 and with ``--amp`` and channels last,
        ``per_second`` and ``peak_mb``, see :func:`benchmarks.gpu_costs.measured`.
    """
    configs = {side: side_config(side, recipe) for side in parts.SIDES}
    batches = {side: batch_of(cfg, batch_size) for side, cfg in configs.items()}
    figures = {}
    for precision, amp in PRECISIONS.items():
        for side, cfg in configs.items():
            batch = batches[side]
            prepare = partial(training_step, cfg, batch, device, amp=amp)
            speed, memory = measured(prepare, rounds, device)
            figures[side + precision] = dict(per_second=speed, peak_mb=memory)
    return figures


def side_config(side: str, recipe: str) -> Config:
    """The recipe, or the same network with MMPose's head and codec."""
    cfg = config(recipe)
    if side != 'ours':
        cfg.model.head = {
            **cfg.model.head.to_dict(),
            **parts.stock_head(stock_codec(cfg.codec.to_dict())),
        }
    return cfg


def batch_of(cfg: Config, batch_size: int) -> dict:
    """Noise with garments of all categories by turns, as the loader hands them over."""
    codec = KEYPOINT_CODECS.build(cfg.model.head.decoder)
    width, height = codec.input_size
    generator = torch.Generator().manual_seed(0)
    size = (batch_size, 3, height, width)
    pictures = torch.randint(256, size, dtype=torch.uint8, generator=generator)
    garments = parts.items(batch_size, input_size=codec.input_size)
    samples = [packed(codec.encode(*garment)) for garment in garments]
    return dict(inputs=list(pictures), data_samples=samples)
