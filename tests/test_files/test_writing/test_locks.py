"""One run at a time in a place."""

import os
import re
import signal
import socket
import subprocess
import sys

import pytest

from fashion_mmpose.files.writing.locks import (
    environment_for_children,
    locked_file,
    locked_folder,
)

LOCKS = dict(folder=locked_folder, file=locked_file)


@pytest.fixture(params=LOCKS)
def lock(request):
    return LOCKS[request.param]


# Says that it holds the place, then waits for a line or dies.
RUN = """
import os, signal, sys
from fashion_mmpose.files.writing.locks import locked_file, locked_folder
kind, place, end = sys.argv[1:]
try:
    with dict(folder=locked_folder, file=locked_file)[kind](place):
        print('held', flush=True)
        if end == 'killed':
            os.kill(os.getpid(), signal.SIGKILL)
        sys.stdin.readline()
except BlockingIOError as error:
    print(error)
"""


def start(lock, place, end='done', env=None):
    kind = next(key for key, value in LOCKS.items() if value is lock)
    return subprocess.Popen(
        [sys.executable, '-c', RUN, kind, place, end],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        encoding='utf-8',
        env=env,
    )


def test_a_second_run_is_told_who_is_there(tmp_path, lock):
    place = tmp_path / 'new' / 'place'
    with start(lock, place) as first:
        assert first.stdout.readline() == 'held\n'
        with pytest.raises(BlockingIOError) as caught, lock(place):
            pass
        who = f'process {first.pid} on {re.escape(socket.gethostname())}'
        since = r'since \d{4}-\d\d-\d\d \d\d:\d\d:\d\d'
        assert re.match(
            f'{re.escape(str(place))} is in use by {who} {since}; wait for it, or ',
            str(caught.value),
        )
        with lock(place.with_name('other')):  # another place is free
            pass
        first.communicate('\n')
    with lock(place):
        pass
    # Nothing is left but what a run makes itself.
    assert [path for path in tmp_path.rglob('*') if path.name != 'new'] == []


def test_the_place_of_a_dead_run_is_free(tmp_path, lock):
    place = tmp_path / 'place'
    with start(lock, place, 'killed') as dead:
        assert dead.stdout.readline() == 'held\n'
    assert dead.returncode == -signal.SIGKILL
    assert [*tmp_path.rglob('*.lock')]
    with (
        lock(place),
        pytest.raises(BlockingIOError, match=f'process {os.getpid()} on'),
        lock(place),
    ):
        pass
    assert not [*tmp_path.rglob('*.lock')]


def test_children_work_under_the_lock_of_their_parent(tmp_path, lock):
    place = tmp_path / 'place'
    with lock(place):
        with start(lock, place) as stranger:
            assert stranger.communicate()[0].startswith(f'{place} is in use by')
        environment = environment_for_children(os.environ)
        with start(lock, place, env=environment) as child:
            assert child.communicate('\n')[0] == 'held\n'
        # The child has not given up what is not its own.
        with pytest.raises(BlockingIOError), lock(place):
            pass
    assert environment_for_children(os.environ) == dict(os.environ)


def test_a_file_that_is_an_input_is_not_replaced(tmp_path):
    gt, linked = tmp_path / 'gt.json', tmp_path / 'same.json'
    gt.write_text('{}')
    linked.symlink_to(gt)
    inputs = None, tmp_path / 'missing.json', gt
    for path in (gt, linked, tmp_path / '.' / 'gt.json'):
        message = 'json is an input, which would be written over'
        with pytest.raises(ValueError, match=message), locked_file(path, inputs):
            pass
    with locked_file(tmp_path / 'new.json', inputs):
        pass
    assert sorted(os.listdir(tmp_path)) == ['gt.json', 'same.json']
