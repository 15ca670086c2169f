"""A signal to torchrun ends all of its processes, loaders' workers included."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from toolbox import ROOT, warm_python

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != 'linux', reason='looks for processes in /proc'),
]

SECONDS = 120


def processes_in(folder):
    """Those that run in a folder, without the stand-ins that wait for them."""
    found = []
    for path in Path('/proc').glob('[0-9]*'):
        try:
            is_stand_in = 'warm_client.py' in (path / 'cmdline').read_text()
            if (path / 'cwd').readlink() == folder and not is_stand_in:
                found.append(int(path.name))
        except OSError:  # it has ended, or is of another user
            continue
    return found


def wait_until(condition, what):
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.2)


@pytest.mark.parametrize('number', [signal.SIGTERM, signal.SIGINT])
def test_no_process_lives_on(drawn, tmp_path, number):
    out = tmp_path / 'out'
    options = ('train_cfg.max_epochs=1000', 'train_dataloader.num_workers=2')
    launcher = subprocess.Popen(
        [
            *(warm_python(), '-m', 'torch.distributed.run', '--standalone'),
            *('--nproc_per_node=2', ROOT / 'tools' / 'train.py', drawn / 'tiny.py'),
            *('--launcher', 'pytorch', '--work-dir', out, '--cfg-options', *options),
        ],
        cwd=tmp_path,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    try:
        wait_until((out / 'epoch_1.pth').exists, 'nothing is trained')
        # The launcher, two processes, and two workers of each.
        wait_until(lambda: len(processes_in(tmp_path)) == 7, 'no loader is at work')
        launcher.send_signal(number)
        assert launcher.wait(SECONDS)
        wait_until(lambda: not processes_in(tmp_path), 'processes live on')
    finally:
        for left in processes_in(tmp_path):
            os.kill(left, signal.SIGKILL)
    assert (out / 'last_checkpoint').read_text().startswith('epoch_')
