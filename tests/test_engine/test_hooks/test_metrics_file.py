"""The metrics of a test as numbers in a file."""

import json
from types import SimpleNamespace

import numpy as np
from torch import nn

from fashion_mmpose.engine import MetricsFileHook


def run_test(folder, metrics):
    """Let the hook see a test of two batches; what it wrote."""
    runner = SimpleNamespace(work_dir=str(folder), model=nn.Linear(2, 3))
    hook = MetricsFileHook()
    hook.before_test_epoch(runner)
    for index in range(2):
        hook.after_test_iter(runner, batch_idx=index)
    hook.after_test_epoch(runner, metrics)
    return json.loads((folder / 'metrics.json').read_text())


def test_numbers_stay_numbers(tmp_path):
    metrics = dict(ne=0.25, num=82410, score=np.float32(0.5), few=np.int64(3))
    written = run_test(tmp_path, metrics)
    assert written['metrics'] == dict(ne=0.25, num=82410, score=0.5, few=3)
    assert isinstance(written['metrics']['num'], int)
    assert written['num_parameters'] == 2 * 3 + 3
    assert 0 < written['loop_seconds'] < 10


def test_what_is_not_a_number_is_null(tmp_path):
    written = run_test(tmp_path / 'new', dict(ne=float('nan'), ap=np.float64('inf')))
    assert written['metrics'] == dict(ne=None, ap=None)
    assert [path.name for path in (tmp_path / 'new').iterdir()] == ['metrics.json']


def test_a_test_without_metrics(tmp_path):
    assert run_test(tmp_path, None)['metrics'] == {}
