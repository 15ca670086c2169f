"""What the optimizer changes, and at which rates, in a line of the log."""

import logging
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from mmengine.optim import OptimWrapper
from torch import nn

from fashion_mmpose.engine.resuming import groups_of

# How MMEngine's constructors begin or end the lines that they write for each tensor.
_OF_A_TENSOR = 'paramwise_options -- '
_OF_A_FROZEN_ONE = 'is skipped since its requires_grad=False'


class _TensorNotes(logging.Filter):
    """Holds back lines that are told for each tensor, and counts them."""

    def __init__(self) -> None:
        super().__init__()
        self.num = 0

    def filter(self, record: logging.LogRecord) -> bool:
        line = record.getMessage()
        held = line.startswith(_OF_A_TENSOR) or line.endswith(_OF_A_FROZEN_ONE)
        self.num += held
        return not held


@contextmanager
def tensors_in_short(logger: logging.Logger) -> Iterator[_TensorNotes]:
    """While a wrapper is built, without MMEngine's three lines for each tensor.

    A logger with a handler of the level DEBUG gets all of them.

    Args:
        logger: The run's.

    Yields:
        logging.Filter: With ``num``, how many were held back.
    """
    notes = _TensorNotes()
    # MMEngine gives the level to the handlers, not to the logger.
    if all(each.level > logging.DEBUG for each in logger.handlers):
        logger.addFilter(notes)
    try:
        yield notes
    finally:
        logger.removeFilter(notes)


def told_in_short(wrapper: OptimWrapper, model: nn.Module) -> str:
    """How many tensors have which rate and weight decay, and how many are frozen.

    Args:
        wrapper: Of the optimizer or of several, before schedules are built.
        model: The network that it trains.
    """
    counts = Counter()
    for group in groups_of(wrapper):
        # MMEngine hands frozen ones to the optimizer, too.
        trained = sum(each.requires_grad for each in group['params'])
        counts[group['lr'], group.get('weight_decay', 0)] += trained
    told = [
        f'{num} at {rate:g} (weight decay {decay:g})'
        for (rate, decay), num in sorted(counts.items(), reverse=True)
        if num
    ]
    if frozen := [each for each in model.parameters() if not each.requires_grad]:
        told.append(f'{len(frozen)} frozen')
    return (
        f'tensors by their learning rates: {", ".join(told)}; log_level=DEBUG lists '
        'them by their names'
    )
