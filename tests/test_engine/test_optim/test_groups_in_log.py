"""A line of the log for all tensors that are trained."""

import logging

import pytest
from mmengine.optim import OptimWrapper, OptimWrapperDict, build_optim_wrapper
from mmengine.optim.optimizer import default_constructor
from torch import nn
from torch.optim import SGD

from fashion_mmpose.engine.optim.groups_in_log import tensors_in_short, told_in_short

PARAMWISE = dict(custom_keys={'first': dict(lr_mult=0.1, decay_mult=0.0)})


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(3, 4, 1)
        self.frozen = nn.Conv2d(4, 4, 1, bias=False).requires_grad_(False)
        self.last = nn.Conv2d(4, 2, 1, bias=False)


def built(network):
    optimizer = dict(type='SGD', lr=0.02, weight_decay=0.1)
    return build_optim_wrapper(
        network, dict(optimizer=optimizer, paramwise_cfg=PARAMWISE)
    )


class Lines(logging.Handler):
    """Keeps what it is told."""

    def __init__(self, level):
        super().__init__(level)
        self.lines = []

    def emit(self, record):
        self.lines.append(record.getMessage())


def logger_of(handler):
    """As MMEngine has them: the level is the handler's."""
    logger = logging.Logger('run')
    logger.addHandler(handler)
    return logger


@pytest.mark.parametrize('level, num', [('INFO', 1), ('DEBUG', 3)])
def test_lines_for_each_tensor(level, num):
    handler = Lines(level)
    logger = logger_of(handler)
    with tensors_in_short(logger) as notes:
        logger.info('paramwise_options -- first.weight:lr=0.002')
        logger.warning('frozen.weight is skipped since its requires_grad=False')
        logger.info('something else')
    assert len(handler.lines) == num and 'something else' in handler.lines
    assert notes.num == (2 if level == 'INFO' else 0)
    logger.info('paramwise_options -- afterwards')
    assert handler.lines[-1] == 'paramwise_options -- afterwards'


def test_those_of_mmengine_are_known(monkeypatch):
    handler = Lines('INFO')
    logger = logger_of(handler)

    def tell(line, level=logging.INFO, **_):
        logger.log(level, line)

    monkeypatch.setattr(default_constructor, 'print_log', tell)
    with tensors_in_short(logger) as notes:
        built(Network())
    # Four of each of the two tensors of the first layer, and that of the frozen one.
    assert handler.lines == [] and notes.num == 9


def test_the_line():
    network = Network()
    assert told_in_short(built(network), network) == (
        'tensors by their learning rates: 1 at 0.02 (weight decay 0.1), 2 at 0.002 '
        '(weight decay 0), 1 frozen; log_level=DEBUG lists them by their names'
    )


def test_several_optimizers():
    network = Network()
    of_each = {
        name: OptimWrapper(SGD(getattr(network, name).parameters(), rate))
        for name, rate in (('first', 0.1), ('last', 0.5))
    }
    told = told_in_short(OptimWrapperDict(**of_each), network)
    assert '1 at 0.5 (weight decay 0), 2 at 0.1 (weight decay 0), 1 frozen' in told
