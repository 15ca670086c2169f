"""How samples are drawn for training."""

import math
from collections.abc import Iterator

import numpy as np
import torch
from mmengine.dataset import ConcatDataset, RepeatDataset
from mmengine.dist import get_dist_info, sync_random_seed
from mmpose.datasets import CombinedDataset
from mmpose.registry import DATA_SAMPLERS
from torch.utils.data import Sampler


@DATA_SAMPLERS.register_module()
class CategoryBalancedSampler(Sampler):
    """Draw items of rare categories more often, with replacement.

    An item's weight is 1 / (share of its category + smoothing), as in the
    `HRNet system for DeepFashion2`_; a category with share s is then drawn in
    proportion to s / (s + smoothing).

    All processes draw the same sequence and take turns in it. The sequence depends on
    the seed and the epoch only, so a resumed run goes on with the same ones.

    Args:
        dataset (Dataset): A dataset of garments, or MMEngine's ``ConcatDataset`` or
            ``RepeatDataset`` of such, or MMPose's ``CombinedDataset`` without
            ``sample_ratio_factor``.
        seed (int, optional): Seed, the same in all processes; None for a random one
            that the processes agree on. Defaults to None.
        smoothing (float): Positive share that is added to every category's. Defaults
            to 0.02.
        num_samples (int, optional): Samples of an epoch, of all processes together;
            None for as many as the dataset has. Defaults to None.
        round_up (bool): Whether to draw some more, so that all processes get as many.
            Defaults to True.

    Raises:
        TypeError: If the dataset does not tell its samples' categories.
        ValueError: If it is empty, or another argument makes no sense.

    .. _`HRNet system for DeepFashion2`: https://github.com/svip-lab/
        HRNet-for-Fashion-Landmark-Estimation.PyTorch
    """

    def __init__(
        self,
        dataset: torch.utils.data.Dataset,
        seed: int | None = None,
        smoothing: float = 0.02,
        num_samples: int | None = None,
        round_up: bool = True,
    ) -> None:
        if not smoothing > 0 or not math.isfinite(smoothing):
            raise ValueError(f'smoothing must be positive, got {smoothing}')
        if num_samples is not None and num_samples < 1:
            raise ValueError(f'num_samples must be 1 or more, got {num_samples}')
        self.rank, self.world_size = get_dist_info()
        self.dataset = dataset
        self.seed = sync_random_seed() if seed is None else seed
        self.epoch = 0
        weights = balanced_weights(category_ids_of(dataset), smoothing)
        self._cumulated = np.cumsum(weights)
        self._total = len(weights) if num_samples is None else num_samples
        if round_up:
            self._total = self.world_size * math.ceil(self._total / self.world_size)
        self.num_samples = len(range(self.rank, self._total, self.world_size))

    def __iter__(self) -> Iterator[int]:
        generator = torch.Generator()
        generator.manual_seed(self.seed + self.epoch)
        drawn = torch.rand(self._total, generator=generator, dtype=torch.float64)
        # Not torch.multinomial, which is limited to 2 ** 24 samples and single
        # precision.
        places = drawn.numpy() * self._cumulated[-1]
        indices = np.searchsorted(self._cumulated, places, side='right')
        return iter(indices[self.rank :: self.world_size].tolist())

    def __len__(self) -> int:
        """The number of samples of this process."""
        return self.num_samples

    def set_epoch(self, epoch: int) -> None:
        """Draw another sequence; the same one for the same epoch."""
        self.epoch = epoch


def balanced_weights(category_ids: np.ndarray, smoothing: float) -> np.ndarray:
    """1 / (share of the item's category + smoothing).

    N: items.

    Args:
        category_ids: Shape (N, ).
        smoothing: Positive share that is added to every category's.

    Returns:
        np.ndarray: Shape (N, ), float64, not normalised.

    Raises:
        ValueError: If there is no item.
    """
    if not len(category_ids):
        raise ValueError('the dataset has no sample; there is nothing to draw from')
    _, places, counts = np.unique(category_ids, return_inverse=True, return_counts=True)
    shares = counts / len(category_ids)
    return 1 / (shares + smoothing)[places]


def category_ids_of(dataset: torch.utils.data.Dataset) -> np.ndarray:
    """Every sample's category, shape (N, ), also of wrapped datasets.

    Raises:
        TypeError: If the dataset does not tell them.
    """
    # A CombinedDataset with ratios chooses samples only when it is asked for them.
    joined = isinstance(dataset, CombinedDataset) and not dataset.resample
    if joined or isinstance(dataset, ConcatDataset):
        return np.concatenate([category_ids_of(part) for part in dataset.datasets])
    if isinstance(dataset, RepeatDataset):
        return np.tile(category_ids_of(dataset.dataset), dataset.times)
    if not hasattr(dataset, 'category_ids'):
        raise TypeError(
            f'CategoryBalancedSampler needs a dataset with category_ids, as those of '
            f'garments have, not {type(dataset).__name__}; use DefaultSampler with it'
        )
    return np.asarray(dataset.category_ids)
