"""What the work folder of a training tells."""

import json

import pytest

from fashion_mmpose.errors import FormatError
from fashion_mmpose.report.training import read_training, training_chart

LOG = """2026/01/01 10:00:00 - mmengine - INFO -
------------------------------------------------------------
System environment:
    Python: 3.11.7
  - Build settings: BLAS_INFO=mkl, CXX_FLAGS= -O2
    MMEngine: 0.10.7
Runtime environment:
    seed: 0
------------------------------------------------------------

2026/01/01 10:00:00 - mmengine - INFO - Config:
"""


@pytest.fixture
def work_dir(tmp_path):
    for number, start in enumerate(('20260101_1', '20260101_2')):
        scalars = tmp_path / start / 'vis_data' / 'scalars.json'
        scalars.parent.mkdir(parents=True)
        entries = [
            dict(
                lr=0.1, loss=1 / (step + 1), loss_kpt=0.5, iter=step, step=step, time=9
            )
            for step in range(3 * number, 3 * number + 3)
        ]
        entries.append(
            {'deepfashion2/AP': 0.2 + number / 10, 'other': 1.0, 'step': number + 1}
        )
        scalars.write_text(''.join(f'{json.dumps(entry)}\n' for entry in entries))
        (tmp_path / start / f'{start}.log').write_text(LOG)
    (tmp_path / 'recipe.py').write_text('lr = 0.1\n')
    return tmp_path


def test_all_starts_are_read_in_order(work_dir):
    training = read_training(work_dir)
    steps = [entry['iter'] for entry in training.scalars if 'loss' in entry]
    assert steps == [0, 1, 2, 3, 4, 5] and training.config == 'lr = 0.1\n'
    assert training.environment.startswith('System environment:')
    assert 'seed: 0' in training.environment
    assert 'CXX_FLAGS' not in training.environment


@pytest.mark.slow
def test_the_chart_has_losses_rate_and_the_headline(work_dir):
    pytest.importorskip('plotly', reason='`make setup` brings plotly')
    figure = training_chart(read_training(work_dir))
    curves = {curve.name: list(curve.y) for curve in figure.data}
    assert set(curves) == {'loss', 'loss_kpt', 'lr', 'deepfashion2/AP'}
    assert curves['deepfashion2/AP'] == pytest.approx([0.2, 0.3])
    assert curves['loss'] == pytest.approx([1 / n for n in range(1, 7)])


@pytest.mark.parametrize('begin', [0, 3], ids=['copied', 'of its own'])
def test_a_resumed_training_tells_every_step_once(tmp_path, begin):
    """Its newest file may begin with the lines of before, or where it went on."""

    def lines(steps, start):
        for step in steps:
            yield dict(lr=0.1, loss=0.5 + start / 4, iter=step, step=step)
            if step % 3 == 2:
                yield {'deepfashion2/AP': 0.2 + start / 4, 'step': step // 3 + 1}

    # Where the second does not begin anew, the first came three iterations too far.
    for start, steps in enumerate((range(6), range(begin, 9))):
        scalars = tmp_path / f'20260101_{start}' / 'vis_data' / 'scalars.json'
        scalars.parent.mkdir(parents=True)
        scalars.write_text(
            ''.join(f'{json.dumps(entry)}\n' for entry in lines(steps, start))
        )
    # What tells no step is kept.
    with scalars.open('a') as file:
        file.write('{"memory": 1}\n{"memory": 1}\n')
    told = read_training(tmp_path).scalars
    losses = [(entry['iter'], entry['loss']) for entry in told if 'loss' in entry]
    assert losses == [(i, 0.5 if i < begin else 0.75) for i in range(9)]
    scores = [(e['step'], e['deepfashion2/AP']) for e in told if len(e) == 2]
    assert scores == [(1, 0.2 if begin else 0.45), (2, 0.45), (3, 0.45)]
    assert sum('memory' in entry for entry in told) == 2


def test_another_branch_is_no_part_of_a_training(tmp_path):
    """A run that goes on from an earlier epoch may end before the one of before did."""
    for start, (steps, lr) in enumerate((((1, 13), 0.003), ((1, 7), 0.01))):
        scalars = tmp_path / f'20260101_{start}' / 'vis_data' / 'scalars.json'
        scalars.parent.mkdir(parents=True)
        lines = (dict(lr=lr, loss=1.0, iter=i, step=i) for i in range(*steps))
        scalars.write_text(''.join(f'{json.dumps(line)}\n' for line in lines))
    told = read_training(tmp_path).scalars
    assert [(entry['step'], entry['lr']) for entry in told] == [
        (step, 0.01) for step in range(1, 7)
    ]


def test_a_training_that_still_runs_may_have_half_a_line(work_dir):
    path = work_dir / '20260101_2' / 'vis_data' / 'scalars.json'
    path.write_text(path.read_text() + '{"loss": 0.')
    assert len(read_training(work_dir).scalars) == 8
    lines = path.read_text().splitlines()
    path.write_text('\n'.join(['{"loss"', *lines]))
    with pytest.raises(FormatError, match='line 1 is not JSON'):
        read_training(work_dir)


def test_an_empty_folder_tells_nothing(tmp_path):
    training = read_training(tmp_path)
    assert training.scalars == () and training.config == training.environment == ''
    assert training_chart(training) is None
    with pytest.raises(FileNotFoundError, match='does not exist'):
        read_training(tmp_path / 'nowhere')
