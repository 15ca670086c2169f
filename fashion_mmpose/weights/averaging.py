"""Weights of several trainings of one network, averaged.

Networks that were finetuned from the same weights lie in one basin, where a mean of
their weights is a network, too, and often a better one on pictures that are unlike
those of the trainings: Wortsman et al., "Model soups" (2022) and "Robust fine-tuning of
zero-shot models" (2022). Trainings that began at random have no mean that works.
"""

import math
import os
from collections.abc import Sequence

import torch
from torch import Tensor

from fashion_mmpose.config.loading import is_address
from fashion_mmpose.measure.uncertainty.calibration import replaced_weights
from fashion_mmpose.version import __version__

from .conversion.account import account
from .conversion.convert import plain_values
from .read import StoredWeights, WeightsError, read_checkpoint
from .trained_for import check_same_points

# What holds of one training, or of one network's points, and not of a mean.
_NOT_OF_A_MEAN = (
    'calibration',
    'cfg',
    'epoch',
    'experiment_name',
    'iter',
    'seed',
    'time',
)


def average_checkpoints(
    paths: Sequence[str | os.PathLike],
    out: str | os.PathLike,
    shares: Sequence[float] | None = None,
) -> int:
    """Write the mean of the weights of several checkpoints.

    Floating-point weights are averaged in double precision and written in single
    precision, running means and variances as well; whole numbers, which count batches,
    are those of the first checkpoint. So is what it tells about itself, without its
    calibration: points of the mean have errors of their own.

    Args:
        paths: Checkpoints of one network, or addresses such as
            ``starter://deepfashion2``; at least two.
        out: The file to write; it appears complete or not at all.
        shares: How much each one counts, in relation to the others. Defaults to all
            alike.

    Returns:
        int: How many numbers were averaged.

    Raises:
        FileNotFoundError: If there is no such checkpoint.
        ValueError: If there are fewer than two, or the shares are not one positive
            number for each.
        WeightsError: If one cannot be read, has other names or shapes than the first,
            was trained for other key points or classes, or has numbers that are not
            finite.
    """
    names = [os.fspath(path) for path in paths]
    scaled = _scaled(shares, len(names))
    first, sums = _begin(names[0], scaled[0])
    expected = first.tensors | sums
    same = {key: key for key in expected}
    for name, share in zip(names[1:], scaled[1:]):
        stored = read_checkpoint(name)
        check_same_points(first.meta, stored.meta, names[0], name)
        try:
            found = account(stored.tensors, expected, same).tensors
        except WeightsError as error:
            raise WeightsError(
                f'{name} is not of the same network as {names[0]}:\n{error}'
            ) from error
        for key, total in sums.items():
            total += share * found[key]
    broken = [key for key, total in sums.items() if not total.isfinite().all()]
    if broken:
        raise WeightsError(
            f'the mean has numbers that are not finite, in {broken[0]}; to fix it: '
            'leave out the checkpoint of the training that diverged'
        )
    weights = {
        key: sums[key].float() if key in sums else value
        for key, value in first.tensors.items()
    }
    meta = {key: v for key, v in first.meta.items() if key not in _NOT_OF_A_MEAN}
    files = [name if is_address(name) else os.path.basename(name) for name in names]
    meta |= dict(averaged=list(zip(files, scaled)), fashion_mmpose=__version__)
    with replaced_weights(out) as file:
        torch.save(dict(meta=plain_values(meta), state_dict=weights), file)
    return sum(total.numel() for total in sums.values())


def _scaled(shares: Sequence[float] | None, count: int) -> list[float]:
    """Shares whose sum is 1."""
    if count < 2:
        raise ValueError('an average needs at least two checkpoints')
    if shares is None:
        return [1 / count] * count
    if len(shares) != count:
        raise ValueError(f'{len(shares)} shares were given for {count} checkpoints')
    if not all(math.isfinite(each) and each > 0 for each in shares):
        raise ValueError(f'the shares {list(shares)} must be positive numbers')
    return [each / sum(shares) for each in shares]


def _begin(name: str, share: float) -> tuple[StoredWeights, dict[str, Tensor]]:
    stored = read_checkpoint(name)
    sums = {
        key: share * value.double()
        for key, value in stored.tensors.items()
        if value.is_floating_point()
    }
    return stored, sums
