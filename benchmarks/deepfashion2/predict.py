"""From heatmaps, or features, to points: 294 channels, of which a garment owns some.

MMPose decodes sample by sample, all channels; ours decodes those of the garment's
category, of all samples at once, and does not even compute the others.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from benchmarks.report import Figures
from benchmarks.timing import alternate

from . import parts

BATCH_SIZE = 32
OPTIONS = {
    'quarter_ms': dict(
        ours=dict(decode_mode='quarter', blur_kernel_size=0),
        mmpose=dict(unbiased=False),
    ),
    'dark_ms': dict(
        ours=dict(decode_mode='dark', blur_kernel_size=11),
        mmpose=dict(unbiased=True),
    ),
}  # the same method on both sides


def predict(rounds: int, batch_size: int = BATCH_SIZE) -> Figures:
    """Time of a batch.

    Args:
        rounds: Turns of each side.
        batch_size: Samples of a batch. Defaults to 32.

    Returns:
        Figures: ``quarter_ms`` and ``dark_ms``, heatmaps to points, by a quarter step
        and by a Newton step on the blurred map; ``head_quarter_ms`` and
        ``head_dark_ms``, features of the input and of its mirror image to points. Of a
        batch.
    """
    samples = parts.unannotated(batch_size)
    heatmaps = _noisy_heatmaps(batch_size)
    feats = [(parts.features(batch_size, seed),) for seed in (0, 1)]
    work = {}
    for name, options in OPTIONS.items():
        for side in ('ours', 'mmpose'):
            codec = parts.codec_config(side, **options[side])
            head = parts.build_head(side, codec).eval()
            decode = _decode_ours if side == 'ours' else _decode_stock
            work[side, name] = _bind(decode, head, heatmaps, samples)
            work[side, f'head_{name}'] = _bind(_predict, head, feats, samples)
    figures = {'ours': {}, 'mmpose': {}}
    for (side, name), value in alternate(work, rounds).items():
        figures[side][name] = value
    return {side: dict(sorted(known.items())) for side, known in figures.items()}


def _noisy_heatmaps(batch_size: int) -> Tensor:
    """Heatmaps (B, K, H, W) with a peak in every channel."""
    codec = parts.build_codec('ours')
    generator = torch.Generator().manual_seed(0)
    num_maps = batch_size * parts.NUM_KEYPOINTS
    points = torch.rand(num_maps, 2, generator=generator)
    maps = codec.render(points * torch.tensor(codec.heatmap_size))
    maps += 0.1 * torch.rand(maps.shape, generator=generator)
    return maps.unflatten(0, (batch_size, -1))


def _bind(function: Callable, *args) -> Callable[[], int]:
    def work() -> int:
        with torch.no_grad():
            function(*args)
        return 1

    return work


def _decode_ours(head, heatmaps: Tensor, samples: list) -> None:
    head.decode(heatmaps, samples)


def _decode_stock(head, heatmaps: Tensor, samples: list) -> None:
    head.decode(heatmaps)


def _predict(head, feats: list, samples: list) -> None:
    head.predict(feats, samples, dict(flip_test=True, shift_heatmap=True))
