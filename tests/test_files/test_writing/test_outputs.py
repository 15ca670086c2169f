"""Tests for fashion_mmpose.files.writing.outputs."""

import subprocess
import sys

import pytest

from fashion_mmpose.files.writing.outputs import OutputFiles


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_files_appear_together(tmp_path):
    with OutputFiles() as outputs:
        outputs.open(tmp_path / 'a.txt').write('one\r\n')
        outputs.open(tmp_path / 'sub' / 'b.txt').write('two')
        assert not (tmp_path / 'a.txt').exists()
        assert not (tmp_path / 'sub' / 'b.txt').exists()
    assert names(tmp_path) == ['a.txt', 'sub']
    assert (tmp_path / 'a.txt').read_bytes() == b'one\r\n'
    assert (tmp_path / 'sub' / 'b.txt').read_text() == 'two'


def test_names_as_long_as_the_system_takes(tmp_path):
    # They differ where there is no room for a suffix, in the last letter before it.
    long = [f'{"é" * 120}{letter}.jpg' for letter in 'ab']
    with OutputFiles() as outputs:
        for name in long:
            outputs.open(tmp_path / name).write(name)
    assert names(tmp_path) == long
    assert [(tmp_path / name).read_text() for name in long] == long


def test_an_error_leaves_what_was_there(tmp_path):
    (tmp_path / 'a.txt').write_text('before')
    with pytest.raises(KeyError), OutputFiles() as outputs:
        outputs.open(tmp_path / 'a.txt').write('half')
        outputs.open(tmp_path / 'b.txt').write('half')
        raise KeyError
    assert names(tmp_path) == ['a.txt']
    assert (tmp_path / 'a.txt').read_text() == 'before'


def test_a_folder_is_not_replaced(tmp_path):
    with (
        pytest.raises(IsADirectoryError, match='is a folder'),
        OutputFiles() as outputs,
    ):
        outputs.open(tmp_path / 'a.txt').write('one')
        outputs.open(tmp_path)
    assert names(tmp_path) == []


def test_a_place_that_cannot_be_is_noticed_before_the_work(tmp_path):
    (tmp_path / 'a').write_text('a file')
    (tmp_path / 'b').mkdir()
    with OutputFiles() as outputs:
        with pytest.raises(NotADirectoryError, match=f"'{tmp_path}/a'"):
            outputs.add(tmp_path / 'new', tmp_path / 'a' / 'sub' / 'c.txt')
        with pytest.raises(IsADirectoryError, match='b is a folder'):
            outputs.add(tmp_path / 'new', tmp_path / 'b')
    assert names(tmp_path) == ['a', 'b']


def test_bytes_appear_the_same_way(tmp_path):
    with OutputFiles() as outputs:
        outputs.open_binary(tmp_path / 'a.pth').write(b'\r\n\xff')
        assert not (tmp_path / 'a.pth').exists()
    assert names(tmp_path) == ['a.pth']
    assert (tmp_path / 'a.pth').read_bytes() == b'\r\n\xff'
    with pytest.raises(KeyError), OutputFiles() as outputs:
        outputs.open_binary(tmp_path / 'a.pth').write(b'half')
        raise KeyError
    assert names(tmp_path) == ['a.pth']
    assert (tmp_path / 'a.pth').read_bytes() == b'\r\n\xff'


HALF = """
import os, signal, sys
from fashion_mmpose.files.writing.outputs import OutputFiles
with OutputFiles() as outputs:
    outputs.open(sys.argv[1]).write('half')
    print(os.getpid(), flush=True)
    if sys.argv[2] == 'killed':
        os.kill(os.getpid(), signal.SIGKILL)
    sys.stdin.readline()
"""


def write_half(path, end):
    return subprocess.Popen(
        [sys.executable, '-c', HALF, path, end],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        encoding='utf-8',
    )


def test_what_a_killed_run_left_is_removed_by_the_next(tmp_path):
    with write_half(tmp_path / 'a.txt', 'killed') as dead:
        number = int(dead.stdout.readline())
    left = f'.a.txt.{number}.tmp'
    (tmp_path / '.b.tmp').write_text('of someone else')
    assert names(tmp_path) == [left, '.b.tmp']
    with write_half(tmp_path / 'c.txt', 'done') as alive:
        number = int(alive.stdout.readline())
        assert names(tmp_path) == ['.b.tmp', f'.c.txt.{number}.tmp']
        with OutputFiles() as outputs:  # leaves what is being written
            outputs.open(tmp_path / 'd.txt').write('whole')
        assert names(tmp_path) == ['.b.tmp', f'.c.txt.{number}.tmp', 'd.txt']
        alive.communicate('\n')
    assert names(tmp_path) == ['.b.tmp', 'c.txt', 'd.txt']
