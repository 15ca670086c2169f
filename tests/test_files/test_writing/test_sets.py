"""Sets of files that are put into their places together, and kills while they move."""

import multiprocessing
import os
import signal
import sys
from pathlib import Path

import pytest

from fashion_mmpose.files.writing import sets
from fashion_mmpose.files.writing.outputs import OutputFiles

WRITES = ('open', 'os.rename', 'os.remove')


@pytest.fixture(autouse=True)
def new_process(monkeypatch):
    """One that has not looked into any folder yet."""
    monkeypatch.setattr(sets, '_tidied', set())


def contents(folder):
    return {
        str(path.relative_to(folder)): path.read_text()
        for path in folder.rglob('*')
        if path.is_file()
    }


def write_set(folder, text):
    """Write two files, and move a third, as a new process does."""
    sets._tidied.clear()
    (folder / 'ready').mkdir(parents=True, exist_ok=True)
    (folder / 'ready' / 'c.txt').write_text(text)
    with OutputFiles() as outputs:
        outputs.open(folder / 'a.txt').write(text)
        outputs.open(folder / 'sub' / 'b.txt').write(text)
        outputs.add(folder / 'ready' / 'c.txt', folder / 'drawn' / 'c.txt')


def write_and_die(folder, text, victim=None):
    """The same, but die at the event of a number."""
    seen = 0

    def watch(name, arguments):
        nonlocal seen
        if name in WRITES and str(arguments[0]).startswith(str(folder)):
            seen += 1
            if seen - 1 == victim:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(watch)
    write_set(folder, text)
    sys.exit(seen)


def in_a_process(*args):
    context = multiprocessing.get_context('fork')
    process = context.Process(target=write_and_die, args=args)
    process.start()
    process.join(60)
    return process.exitcode


def whole(text):
    return {'a.txt': text, 'sub/b.txt': text, 'drawn/c.txt': text}


@pytest.mark.slow
def test_a_kill_at_any_event_leaves_no_old_file_beside_a_new_one(tmp_path):
    events = in_a_process(tmp_path / 'count', 'old')
    assert contents(tmp_path / 'count') == whole('old')
    found = set()
    replaced = 2 * 3  # three old files are removed, too
    for victim in range(events + replaced - 3):
        folder = tmp_path / str(victim)
        write_set(folder, 'old')
        assert in_a_process(folder, 'new', victim) == -signal.SIGKILL
        left = contents(folder)
        texts = {left[name] for name in whole('') if name in left}
        assert len(texts) <= 1, victim
        # Another run comes to the folder, and to no other.
        sets._tidied.clear()
        with OutputFiles() as outputs:
            outputs.open(folder / 'd.txt').write('')
        left = {k: v for k, v in contents(folder).items() if k in whole('')}
        assert left in (whole('old'), whole('new')), victim
        found.add(left['a.txt'])
        # And the same run, anew.
        write_set(folder, 'newest')
        assert contents(folder) == {**whole('newest'), 'd.txt': ''}, victim
    assert found == {'old', 'new'}


@pytest.mark.slow
def test_the_folder_of_one_file_finds_what_its_parent_was_moving(tmp_path):
    """Its temporary file is no left-over: the list above still needs it."""
    write_set(tmp_path, 'old')
    for victim in range(40):
        if in_a_process(tmp_path, 'new', victim) >= 0:
            break
        with OutputFiles() as outputs:
            outputs.open(tmp_path / 'sub' / 'd.txt').write('')
        sets._tidied.clear()
        assert contents(tmp_path)['sub/b.txt'] in ('old', 'new'), victim
    assert contents(tmp_path) == {**whole('new'), 'sub/d.txt': ''}


def failing_at(function, place):
    """The function, but the system refuses it at a place."""

    def call(*args, **kwargs):
        if args[-1] == place:
            raise PermissionError(1, 'Operation not permitted')
        return function(*args, **kwargs)

    return call


@pytest.fixture
def written(tmp_path):
    """Two old files, and two new ones that are about to replace them."""
    outputs = OutputFiles()
    for name in 'ab':
        (tmp_path / name).write_text('old')
        outputs.open(tmp_path / name).write('new')
    return outputs


def test_a_place_that_fails_at_once_changes_nothing(tmp_path, monkeypatch, written):
    monkeypatch.setattr(Path, 'unlink', failing_at(Path.unlink, tmp_path / 'a'))
    with pytest.raises(PermissionError, match=str(tmp_path / 'a')):
        written.__exit__(None, None, None)
    assert contents(tmp_path) == dict(a='old', b='old')


def test_a_place_that_fails_half_way_is_made_up_for(tmp_path, monkeypatch, written):
    with monkeypatch.context() as patched:
        patched.setattr(os, 'replace', failing_at(os.replace, tmp_path / 'b'))
        with pytest.raises(sets.HalfMovedError, match=str(tmp_path / 'b')):
            written.__exit__(None, None, None)
    assert 'b' not in contents(tmp_path)
    sets._tidied.clear()
    sets.tidy(tmp_path)
    assert contents(tmp_path) == dict(a='new', b='new')


def test_a_system_without_locks(tmp_path, monkeypatch, written):
    """Windows also renames no file that is open."""
    opened = []
    monkeypatch.setattr(sets, 'take_lock', lambda file: opened.append(file))

    def replace(file, place, real=os.replace):
        assert all(each.closed for each in opened)
        real(file, place)

    monkeypatch.setattr(os, 'replace', replace)
    written.__exit__(None, None, None)
    assert contents(tmp_path) == dict(a='new', b='new')
    assert len(opened) == 1


@pytest.mark.parametrize('text', ['[["../x", "y"]]', '[["/x", "y"]]', '{', '3'])
def test_a_list_that_is_none_moves_nothing(tmp_path, text):
    path = tmp_path / f'.moving.{os.getpid()}.0.json'
    path.write_text(text)
    with pytest.raises(OSError, match='is no list of moves'):
        sets.tidy(tmp_path)
