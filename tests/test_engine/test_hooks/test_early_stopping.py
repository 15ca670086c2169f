"""A run that is interrupted stops where an uninterrupted one does."""

import math
from types import SimpleNamespace

import pytest
from toy_training import toy_runner

from fashion_mmpose.engine import PersistentEarlyStoppingHook

# One score an epoch: the best is that of epoch 3.
SCORES = [0.5, 0.4, 0.2, 0.3, 0.25, 0.3, 0.1, 0.1, 0.1, 0.1]


def train(work_dir, max_epochs=10, resume=False, scores=SCORES, **hook):
    """Train, and say after how many epochs the run ended."""
    runner = toy_runner(
        work_dir,
        scores,
        max_epochs=max_epochs,
        resume=resume,
        custom_hooks=[
            {
                'type': 'mmpose.PersistentEarlyStoppingHook',
                'monitor': 'fashionai/NE',
                'rule': 'less',
                'patience': 3,
                'min_delta': 0.0,
                **hook,
            }
        ],
    )
    runner.train()
    return runner.epoch


def test_stops_after_patience(tmp_path):
    assert train(tmp_path) == 6  # 3 is the best, 4, 5 and 6 are not


@pytest.mark.parametrize('interrupted', [2, 3, 4, 5])
def test_an_interrupted_run_stops_at_the_same_epoch(tmp_path, interrupted):
    assert train(tmp_path, max_epochs=interrupted) == interrupted
    assert train(tmp_path, resume=True) == 6


NOT_A_NUMBER = [0.5, 0.4, math.nan, *[0.3] * 7]


@pytest.mark.parametrize(
    'hook, scores, end',
    [
        pytest.param({}, SCORES, 6, id='patience'),
        pytest.param(dict(stopping_threshold=0.25), SCORES, 3, id='threshold'),
        pytest.param({}, NOT_A_NUMBER, 3, id='not-a-number'),
    ],
)
def test_a_stopped_run_stays_stopped(tmp_path, hook, scores, end):
    assert train(tmp_path, scores=scores, **hook) == end
    assert train(tmp_path, resume=True, scores=scores, **hook) == end


def test_a_lower_threshold_goes_on(tmp_path):
    assert train(tmp_path, stopping_threshold=0.25) == 3
    # 0.2 is the best score: 4, 5 and 6 are not better.
    assert train(tmp_path, resume=True, stopping_threshold=0.15) == 6


@pytest.mark.slow
def test_more_patience_goes_on(tmp_path):
    train(tmp_path)
    assert train(tmp_path, resume=True, patience=4) == 10


@pytest.mark.slow
def test_a_new_run_counts_from_zero(tmp_path):
    train(tmp_path)
    assert train(tmp_path) == 6


@pytest.mark.parametrize(
    'rule, best, threshold, last, stops',
    [
        pytest.param('greater', 0.8, 0.9, 0.95, True, id='above'),
        pytest.param('greater', 0.8, 0.9, 0.9, False, id='at'),
        pytest.param('less', 0.8, 0.1, 0.05, True, id='below'),
        pytest.param('less', 0.8, 0.1, 0.95, False, id='far'),
    ],
)
def test_the_rule_tells_which_side_of_the_threshold(rule, best, threshold, last, stops):
    state = dict(wait_count=1, best_score=best, last_score=last)
    lines = []
    runner = SimpleNamespace(
        message_hub=SimpleNamespace(
            runtime_info={'early_stopping/x': 1}, get_info=lambda key: state
        ),
        train_loop=SimpleNamespace(stop_training=False),
        logger=SimpleNamespace(info=lines.append),
    )
    hook = PersistentEarlyStoppingHook(
        monitor='x', rule=rule, stopping_threshold=threshold
    )
    hook.before_train(runner)
    assert runner.train_loop.stop_training is stops
    assert (hook.wait_count, hook.best_score) == (1, best)
    assert len(lines) == stops and all(f'reached {last:.4f}' in line for line in lines)


def test_missing_score_is_named():
    hook = PersistentEarlyStoppingHook(monitor='other/AP', rule='greater', strict=True)
    with pytest.raises(RuntimeError, match='other/AP'):
        hook.after_val_epoch(None, {'fashionai/NE': 0.1})


def test_a_validation_without_the_score_leaves_the_count():
    saved = {}
    runner = SimpleNamespace(
        message_hub=SimpleNamespace(update_info=saved.__setitem__),
        train_loop=SimpleNamespace(stop_training=False),
    )
    hook = PersistentEarlyStoppingHook(monitor='x/NE', rule='less', min_delta=0.0)
    hook.after_val_epoch(runner, {'x/NE': 0.5})
    hook.after_val_epoch(runner, {'x/NE': 0.75})
    with pytest.warns(UserWarning, match='x/NE'):
        hook.after_val_epoch(runner, {'other': 0.1})
    assert saved == {
        'early_stopping/x/NE': dict(wait_count=1, best_score=0.5, last_score=0.75)
    }
