"""Small files of weights that would break their readers, and damaged ones."""

import pickle
import struct
import zipfile

import pytest
import torch

from fashion_mmpose.weights.read import WeightsError, read_checkpoint

FORMS = pytest.mark.parametrize('zipped', [True, False], ids=['zip', 'legacy'])


def save(path, content, zipped=True):
    torch.save(content, path, _use_new_zipfile_serialization=zipped)


def with_program(path, change):
    """Write a zip of torch.save anew with other steps in its pickle."""
    save(path, {'a': torch.ones(4)})
    with zipfile.ZipFile(path) as archive:
        entries = [(info.filename, archive.read(info)) for info in archive.infolist()]
    with zipfile.ZipFile(path, 'w') as archive:
        for name, data in entries:
            changed = change(data) if name.endswith('data.pkl') else data
            archive.writestr(name, changed)


def test_flipped_bits_are_told(tmp_path):
    path = tmp_path / 'a.pth'
    save(path, {'a': torch.arange(1000.0)})
    data = bytearray(path.read_bytes())
    data[data.index(struct.pack('<4f', 500, 501, 502, 503))] ^= 1
    path.write_bytes(data)
    with pytest.raises(WeightsError, match='a.pth: .*CRC'):
        read_checkpoint(path)


@FORMS
def test_tensors_larger_than_their_file(tmp_path, zipped):
    path = tmp_path / 'a.pth'
    save(path, {'a': torch.ones(1).expand(10**6, 10**6)}, zipped)
    with pytest.raises(WeightsError, match='tensors of 4000000000000 bytes'):
        read_checkpoint(path)
    one = torch.ones(1000)
    save(path, {f'a{i}': one for i in range(3)}, zipped)  # shared, as of tied layers
    assert len(read_checkpoint(path).tensors) == 3


@FORMS
def test_sparse_tensors_are_refused(tmp_path, zipped):
    path = tmp_path / 'a.pth'
    save(path, {'a': torch.eye(3).to_sparse()}, zipped)
    with pytest.raises(WeightsError, match='sparse'):
        read_checkpoint(path)


SHARED = b')' + b''.join(b'q%c(h%ch%ct' % (i, i, i) for i in range(100, 140))


@pytest.mark.parametrize(
    'steps, message',
    [
        pytest.param(b'}' + SHARED + b'K\x01s.', 'again and again', id='shared-key'),
        pytest.param(
            b'})' + b'\x85' * 200_000 + b'K\x01s.', 'more than 64 deep', id='deep-key'
        ),
        pytest.param(SHARED + b')R.', 'again and again', id='shared-called'),
        pytest.param(b'K\x01)R.', 'calls a value that is no function', id='called'),
        pytest.param(b']q\x01h\x01a.', 'holds itself', id='endless'),
        pytest.param(
            b'cbuiltins\nbytes\nJ\xff\xff\xff\x7f\x85R.', 'more bytes', id='bytes'
        ),
        pytest.param(
            b'c' + b'a.' * 50_000 + b'\nb\n.', 'damaged: it names', id='long-name'
        ),
        pytest.param(b'', 'cut short or damaged', id='nothing'),
    ],
)
def test_programs_that_are_endless(tmp_path, steps, message):
    path = tmp_path / 'a.pth'
    with_program(path, lambda data: b'\x80\x02' + steps)
    with pytest.raises(WeightsError, match=message):
        read_checkpoint(path)


def test_numbers_that_are_not_there(tmp_path):
    """PyTorch would read them behind the stored ones."""
    path = tmp_path / 'a.pth'

    def longer(data):
        assert data.count(b'K\x04tq') == 1
        return data.replace(b'K\x04tq', b'M\x00\x40tq')

    with_program(path, longer)
    with pytest.raises(WeightsError, match="16384 numbers of '0', which are not there"):
        read_checkpoint(path)


def test_compressed_entries_are_refused(tmp_path):
    path = tmp_path / 'a.pth'
    save(path, {'a': torch.zeros(10**6)})
    with zipfile.ZipFile(path) as archive:
        entries = [(info.filename, archive.read(info)) for info in archive.infolist()]
    with zipfile.ZipFile(path, 'w', zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries:
            archive.writestr(name, data)
    with pytest.raises(WeightsError, match='compressed'):
        read_checkpoint(path)


def test_a_pickle_alone_is_refused(tmp_path):
    path = tmp_path / 'a.pth'
    path.write_bytes(pickle.dumps({'a': 1}, 2))
    with pytest.raises(WeightsError, match='not a file of torch.save'):
        read_checkpoint(path)
