"""Tests for fashion_mmpose.files.outputs."""

import pytest

from fashion_mmpose.files.outputs import OutputFiles


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
