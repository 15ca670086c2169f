"""Full disks and wrong places: found out early, and named by the final file."""

import os
import resource
import signal
import tempfile
from contextlib import contextmanager
from pathlib import Path

import pytest

from fashion_mmpose.errors import RescuedError
from fashion_mmpose.files.writing.faults import (
    check_no_input,
    check_writable,
    errors_of,
    write_or_rescue,
)
from fashion_mmpose.files.writing.locks import locked_file, locked_folder
from fashion_mmpose.files.writing.outputs import OutputFiles
from fashion_mmpose.formats.detectors.partial_boxes import BoxAppender


@contextmanager
def small_disk(size):
    """No file of this process may grow beyond some bytes, as on a full disk."""
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, handler)


@pytest.mark.parametrize('size', [100, 100_000], ids=['when closed', 'on the way'])
def test_a_full_disk_names_the_final_file(tmp_path, size):
    path = tmp_path / 'train.json'
    path.write_text('before')
    with small_disk(50), pytest.raises(OSError) as caught, OutputFiles() as outputs:
        outputs.open(path).write('x' * size)
    assert caught.value.filename == str(path)
    assert [each.name for each in tmp_path.iterdir()] == ['train.json']
    assert path.read_text() == 'before'


def test_a_place_that_cannot_be_opened_is_named(tmp_path):
    (tmp_path / 'file').write_text('')
    path = tmp_path / 'file' / 'below' / 'train.json'
    for attempt in (OutputFiles().open, check_writable):
        with pytest.raises(OSError) as caught:
            attempt(path)
        assert caught.value.filename == str(path)
    with pytest.raises(IsADirectoryError, match='is a folder, not a file'):
        check_writable(tmp_path)


@pytest.mark.parametrize('lock', [locked_file, locked_folder])
def test_a_lock_finds_out_before_the_work(tmp_path, lock):
    place = tmp_path / 'new' / 'place'
    with small_disk(3), pytest.raises(OSError) as caught, lock(place):
        raise AssertionError('the work has begun')
    assert caught.value.filename == str(place)
    assert not [path for path in tmp_path.rglob('*') if path.is_file()]


def test_other_errors_keep_their_own_words():
    with pytest.raises(BlockingIOError, match='in use by someone'), errors_of('a'):
        raise BlockingIOError('a is in use by someone')


def test_an_input_is_known_by_every_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'other').symlink_to(tmp_path)
    for name in ('a.json', './a.json', tmp_path / 'a.json', 'other/a.json'):
        with pytest.raises(ValueError, match='a.json is an input'):
            check_no_input(name, ['b.json', 'a.json'])
    check_no_input('a.json.csv', ['b.json', 'a.json', 'starter://a.json.csv'])


def test_boxes_name_the_file_that_keeps_them(tmp_path):
    path = tmp_path / 'boxes.json.partial'
    box = [(1.0, 2.0, 3.0, 4.0, 0.5, 1)]
    with BoxAppender(path, dict(version=1)) as appender:
        appender.append(1, box)
        size = path.stat().st_size
        with small_disk(size + 5), pytest.raises(OSError) as caught:
            appender.append(2, box)
    assert caught.value.filename == str(path)
    with BoxAppender(path, dict(version=1)):  # the next run cuts off the half line
        assert path.stat().st_size == size


def test_what_has_no_place_is_saved_elsewhere_and_the_place_is_told(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(tempfile, 'gettempdir', lambda: str(tmp_path / 'spare'))
    (tmp_path / 'spare').mkdir()
    (tmp_path / 'full').write_text('')

    def write(path):
        with OutputFiles() as outputs:
            outputs.open(path).write('[]')

    write_or_rescue(tmp_path / 'works.json', write)
    assert (tmp_path / 'works.json').read_text() == '[]'
    with pytest.raises(RescuedError, match='cannot be written') as caught:
        write_or_rescue(tmp_path / 'full' / 'predictions.json', write)
    (saved,) = (tmp_path / 'spare').rglob('predictions.json')
    assert str(saved) in str(caught.value)
    assert saved.read_text() == '[]'


def test_without_any_place_the_first_error_counts(tmp_path, monkeypatch):
    for function in ('cwd', 'home'):
        monkeypatch.setattr(Path, function, lambda: tmp_path / 'missing')
    monkeypatch.setattr(tempfile, 'gettempdir', lambda: str(tmp_path / 'missing'))

    def write(path):
        raise OSError(28, os.strerror(28), str(path))

    with pytest.raises(OSError) as caught:
        write_or_rescue(tmp_path / 'a.json', write)
    assert caught.value.filename == str(tmp_path / 'a.json')
