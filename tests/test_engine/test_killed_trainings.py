"""A training that is killed and goes on ends as if nothing had happened.

Every training is a process of its own. A copy of its folder is what a kill at that
moment would leave; that it is so, one training shows that kills itself.
"""

import json
import os
import re
import signal

import killed_training
import pytest
import torch
from toolbox import run

pytestmark = pytest.mark.slow


def train(folder, *runs):
    """What the trainings end with, see :func:`killed_training.train_each`."""
    done = run(killed_training.__file__, json.dumps(runs, default=str), cwd=folder)
    return json.loads(done.stdout.splitlines()[-1])


def lying(folder):
    """What lies in the folder, and which checkpoint it takes for the last one."""
    names = (path.name for path in folder.iterdir() if path.is_file())
    # Without the numbers of clock and process.
    plain_names = sorted(re.sub(r'\d\d+', '', name) for name in names)
    return plain_names, (folder / 'last_checkpoint').read_text()


def scalars(folder):
    """The lines of the newest start, without what a clock or the memory says."""
    newest = max(folder.glob('*/vis_data/scalars.json'))
    lines = [json.loads(line) for line in newest.read_text().splitlines()]
    unlike = ('time', 'data_time', 'memory')
    return [{k: v for k, v in line.items() if k not in unlike} for line in lines]


def state(folder):
    """All that must be equal, in a form that can be compared."""
    content = torch.load(folder / 'epoch_4.pth', weights_only=False)
    hub = content['message_hub']
    info = {
        key: os.path.basename(value) if key.endswith('_ckpt') else value
        for key, value in hub['runtime_info'].items()
        if key not in ('cfg', 'experiment_name')
    }
    history = {
        key: [list(map(float, array)) for array in buffer.data]
        for key, buffer in hub['log_scalars'].items()
        if not key.endswith('time')
    }
    names = sorted(path.name for path in folder.glob('*.pth'))
    (best,) = [name for name in names if name.startswith('best')]
    best_weights = torch.load(folder / best, weights_only=False)['state_dict']
    return dict(
        files=names,
        last=(folder / 'last_checkpoint').read_text(),
        weights=plain(content['state_dict']),
        best=plain(best_weights),
        optimizer=plain(content['optimizer']),
        schedulers=plain(content['param_schedulers']),
        info=info,
        history=history,
        scalars=scalars(folder),
    )


def plain(value):
    if isinstance(value, torch.Tensor):
        return value.tolist()
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items()}
    return [plain(each) for each in value] if isinstance(value, list) else value


@pytest.mark.parametrize(
    'schedule, checkpoint',
    [
        pytest.param('plateau', dict(max_keep_ckpts=2), id='plateau'),
        pytest.param('cosine', dict(max_keep_ckpts=1), id='cosine'),
        pytest.param('plateau', dict(interval=2), id='every-second-epoch'),
    ],
)
def test_a_kill_at_any_moment_changes_nothing(tmp_path, schedule, checkpoint):
    settings = dict(schedule=schedule, checkpoint=checkpoint)
    whole, killed = tmp_path / 'whole', tmp_path / 'killed'
    copies, resumed = tmp_path / 'copies', tmp_path / 'resumed'
    for folder in (copies, resumed):
        folder.mkdir()
    assert train(tmp_path, (None, whole, dict(settings, copies=copies))) == [0]
    names = json.loads((copies / 'names.json').read_text())
    expected = state(whole)
    assert 'best_fashionai_NE_epoch_4.pth' in expected['files']
    assert [line['step'] for line in expected['scalars']] == [1, 1, 2, 2, 3, 3, 4, 4]
    # What the schedules do is seen in the weights: the rate is not that of the start.
    assert expected['optimizer']['param_groups'][0]['lr'] < 0.1
    last_epochs = [n for n, name in enumerate(names) if int(name[0]) >= 2]
    assert len(last_epochs) > 12
    middle = last_epochs[len(last_epochs) // 2]
    kill = None, killed, dict(settings, victim=middle)
    assert train(tmp_path, kill) == [-signal.SIGKILL]
    assert lying(killed) == lying(copies / str(middle))
    settings['resume'] = True
    runs = [(copies / str(n), resumed / str(n), settings) for n in last_epochs]
    assert {*train(tmp_path, *runs)} == {0}
    for number in last_epochs:
        assert state(resumed / str(number)) == expected, names[number]
