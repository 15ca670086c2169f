"""Accounts for every parameter and every buffer when weights change their names."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from fashion_mmpose.weights.read import WeightsError

# Counts the batches that a normalisation layer has seen. PyTorch before 0.4.1 has no
# such buffer, and nothing but an average without momentum reads it.
BATCH_COUNTER = 'num_batches_tracked'


@dataclass(frozen=True)
class Accounted:
    """Weights under the names of the network.

    Attributes:
        tensors: Everything that the network has, in its order.
        num_filled: Batch counters among them that were not given.
    """

    tensors: dict[str, Tensor]
    num_filled: int


def account(
    given: Mapping[str, Tensor],
    expected: Mapping[str, Tensor],
    sources: Mapping[str, str],
) -> Accounted:
    """Bring weights under the names of a network, leaving nothing over.

    Args:
        given: Weights by the names of their file.
        expected: What the network has, by its own names; shapes and types count, so
            that tensors without memory will do.
        sources: For each name of the network, the name in the file.

    Returns:
        Accounted: The given numbers in the network's types.

    Raises:
        WeightsError: If weights are unknown or missing, or have another shape or
            another kind of number. All of them are listed.
    """
    tensors, missing, misshapen, mistyped = {}, [], [], []
    num_filled = 0
    for name, wanted in expected.items():
        source = sources.get(name)
        value = given.get(source)
        if value is None:
            if name.endswith(BATCH_COUNTER):
                tensors[name] = torch.zeros(wanted.shape, dtype=wanted.dtype)
                num_filled += 1
            elif source is None:
                missing.append(f'{name}, for which such a file has nothing')
            else:
                missing.append(f'{source}{_known_as(name, source)}')
        elif value.shape != wanted.shape:
            misshapen.append(
                f'{source} {tuple(value.shape)}, expected {tuple(wanted.shape)}'
                + _known_as(name, source)
            )
        elif value.is_floating_point() != wanted.is_floating_point():
            mistyped.append(
                f'{source} {value.dtype}, expected {wanted.dtype}'
                + _known_as(name, source)
            )
        else:
            tensors[name] = compact(value.to(wanted.dtype))
    known = {sources[name] for name in expected if name in sources}
    unknown = [
        f'{name} {tuple(value.shape)}'
        for name, value in given.items()
        if name not in known
    ]
    groups = {
        'unknown (in the file, not in the network)': unknown,
        'missing (in the network, not in the file)': missing,
        'of another shape': misshapen,
        'of another kind of number': mistyped,
    }
    if any(groups.values()):
        lines = _listed(groups)
        if given and len(unknown) == len(given):
            lines.insert(0, 'no name is known: is the checkpoint of another kind?')
        raise WeightsError('\n'.join(lines))
    return Accounted(tensors, num_filled)


def compact(tensor: Tensor) -> Tensor:
    """The tensor without memory of others: a view would be saved with all of it."""
    tensor = tensor.contiguous()
    if tensor.untyped_storage().nbytes() > tensor.nbytes:
        tensor = tensor.clone()
    return tensor


def _known_as(name: str, source: str) -> str:
    return '' if name == source else f' (here {name})'


def _listed(groups: Mapping[str, list[str]]) -> list[str]:
    lines = []
    for title, entries in groups.items():
        if entries:
            lines.append(f'{len(entries)} {title}:')
            lines += (f'  {entry}' for entry in entries)
    return lines
