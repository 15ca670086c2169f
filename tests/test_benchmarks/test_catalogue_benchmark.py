"""The benchmark of runs over very many pictures, small."""

import numpy as np
import pytest

from benchmarks import catalogue
from benchmarks.random_points import BENCHMARK, CATEGORY, RandomInferencer

pytest.importorskip('pyarrow')

TASKS = ('list', 'archives', 'run', 'merge to Parquet', 'merge to JSON')


def in_this_process(work, *args, with_plugin):
    """What a fresh process tells, all but how its memory grows."""
    assert not with_plugin
    return work(*args)() | dict(seconds=1.0, peak_mb=0.0)


@pytest.mark.slow
def test_figures(monkeypatch):
    monkeypatch.setattr(catalogue, 'measure', in_this_process)
    figures = catalogue.catalogue(2, num_entries=2000, num_members=100, num_pictures=80)
    counts = dict(zip(TASKS, (2000, 100, 80, 80, 80)))
    peers = {}
    for side, found in figures.items():
        name, task, *_ = side.split(', ')
        share = 10 if side.endswith('a tenth') else 1
        assert found['items'] == counts[task] // share, side
        assert found['us_per_item'] > 0 and found['added_mb'] >= 0, side
        assert ('start_mb' in found) == (name == 'ours'), side
        if name != 'ours':
            peers[task] = found
    assert list(peers) == list(counts)
    ours = {task: figures[f'ours, {task}'] for task in counts}
    # They read once what ours go through three times, and decode what ours write, too.
    for task in ('list', 'archives', 'run'):
        assert ours[task]['us_per_item'] > peers[task]['us_per_item'], task
    # 25 points with covariances and probabilities are 175 numbers of four bytes.
    written = {task: each.get('bytes_per_item') for task, each in ours.items()}
    assert written['list'] is written['archives'] is None
    assert 700 < written['run'] < 2000
    assert written['merge to Parquet'] == pytest.approx(written['run'], rel=0.2)
    same = pytest.approx(written['merge to Parquet'], rel=0.02)
    assert peers['merge to Parquet']['bytes_per_item'] == same
    assert 500 < written['merge to JSON'] < peers['merge to JSON']['bytes_per_item']


@pytest.mark.slow
def test_memory_in_fresh_processes(tmp_path):
    """Ours keeps sixteen bytes of an entry; a set keeps the names."""
    path = catalogue._write_list(tmp_path / 'named', 50_000)
    ours = catalogue._measure(catalogue._name, [path])
    theirs = catalogue._measure(catalogue._set_of_names, path)
    assert ours['items'] == theirs['items'] == 50_000
    assert 10 < ours['start_mb'] < 150  # PyTorch and MMPose would take hundreds
    assert 50_000 * 16 / 1e6 <= ours['added_mb'] < theirs['added_mb']


def test_random_points_are_those_of_a_network():
    picture = np.zeros((40, 30, 3), np.uint8)
    found = [each.garments for each in RandomInferencer()([picture, picture])]
    (one,), (other,) = found
    assert (one.benchmark, one.category) == (BENCHMARK, CATEGORY)
    assert one.keypoints.shape == (25, 2) and one.covariances.shape == (25, 2, 2)
    assert (one.keypoints >= 0).all() and (one.keypoints <= (30, 40)).all()
    assert (np.linalg.eigvalsh(one.covariances) >= -1e-5).all()
    assert one.scores.min() >= 0 and one.probabilities.max() <= 1
    assert not np.array_equal(one.keypoints, other.keypoints)


@pytest.mark.parametrize(
    'wrong', [dict(rounds=0), dict(num_entries=9), dict(num_pictures=9)]
)
def test_too_few(wrong):
    with pytest.raises(ValueError, match='ten items of each kind'):
        catalogue.catalogue(**wrong)
