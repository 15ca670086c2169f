"""Bars of training, validation and testing."""

import io
import warnings
from types import SimpleNamespace

import pytest
import torch
from mmengine.logging import MMLogger
from tqdm import tqdm

from fashion_mmpose.engine import ProgressBarHook
from fashion_mmpose.engine.hooks import progress


@pytest.fixture
def stream(monkeypatch):
    """What a terminal would show."""
    stream = io.StringIO()
    fixed = dict(disable=False, file=stream, dynamic_ncols=False, ncols=90)
    monkeypatch.setattr(
        progress, 'tqdm', lambda **options: tqdm(**{**options, **fixed}, mininterval=0)
    )
    return stream


RUNNER = SimpleNamespace(
    max_iters=4,
    iter=1,
    epoch=2,
    val_dataloader=range(2),
    test_dataloader=range(3),
)


def test_training_goes_on_where_it_was(stream):
    hook = ProgressBarHook()
    outputs = dict(loss=torch.tensor(0.25, requires_grad=True))
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        hook.before_train(RUNNER)
        for index in range(3):
            hook.after_train_iter(RUNNER, index, outputs=outputs)
        hook.before_val(RUNNER)
        for index in range(2):
            hook.after_val_iter(RUNNER, index)
        hook.after_val(RUNNER)
        hook.after_train(RUNNER)
    shown = stream.getvalue()
    assert 'train:  25%' in shown and 'train: 100%' in shown and '4/4' in shown
    assert 'epoch=3, loss=0.25' in shown
    assert 'val: 100%' in shown and '2/2' in shown


def test_testing(stream):
    hook = ProgressBarHook()
    hook.before_test(RUNNER)
    for index in range(3):
        hook.after_test_iter(RUNNER, index)
    hook.after_test(RUNNER)
    assert 'test: 100%' in stream.getvalue() and '3/3' in stream.getvalue()


def test_the_log_is_given_back(stream):
    logger = MMLogger.get_current_instance()
    handlers = list(logger.handlers)
    hook = ProgressBarHook()
    hook.before_test(RUNNER)
    assert logger.handlers != handlers, 'log lines must pass above the bar'
    hook.after_test(RUNNER)
    assert logger.handlers == handlers


def test_without_a_terminal_nothing_is_shown(capsys):
    hook = ProgressBarHook()
    hook.before_test(RUNNER)
    for index in range(3):
        hook.after_test_iter(RUNNER, index)
    hook.after_test(RUNNER)
    assert capsys.readouterr().err == ''
