"""A pickle of arrays is read; nothing that it names is run."""

import collections
import os
import pickle

import numpy as np
import pytest

from fashion_mmpose.formats import FormatError
from fashion_mmpose.formats.restricted_pickle import read_plain_pickle

BOXES = np.array([[1.5, 2, 3, 4, 0.25], [5, 6, 7, 8, 0.75]])


def dump(path, content, protocol=pickle.DEFAULT_PROTOCOL):
    path.write_bytes(pickle.dumps(content, protocol))
    return path


@pytest.mark.parametrize('protocol', range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize('dtype', ['<f8', '>f8', '<f4', '<i8', 'bool', '<f2'])
def test_arrays_of_numbers(tmp_path, protocol, dtype):
    array = BOXES.astype(dtype)
    content = [[array, (array[:0], 1, 2.5)], [np.float32(0.5), np.int64(7), None, True]]
    found = read_plain_pickle(dump(tmp_path / 'x.pkl', content, protocol))
    np.testing.assert_array_equal(found[0][0], array)
    assert found[0][0].dtype.str[1:] == np.dtype(dtype).str[1:]  # in any byte order
    assert found[0][1][0].shape == (0, 5) and found[0][1][1:] == (1, 2.5)
    assert found[1] == [0.5, 7, None, True]
    # The types of other arrays are as they were.
    assert np.dtype('f8').byteorder in '=<' and np.zeros(1, 'f8').tobytes() == bytes(8)


@pytest.mark.parametrize('order', ['C', 'F'])
def test_order_of_the_numbers(tmp_path, order):
    array = np.asarray(BOXES, order=order)
    for protocol in (2, 5):
        found = read_plain_pickle(dump(tmp_path / 'x.pkl', [array], protocol))
        np.testing.assert_array_equal(found[0], BOXES)


class Runs:
    """Unpickling it calls a function."""

    def __init__(self, function, *args):
        self.call = function, args

    def __reduce__(self):
        return self.call


class Subclass(np.ndarray):
    pass


@pytest.mark.parametrize(
    'content, message',
    [
        pytest.param(Runs(os.system, 'touch run'), 'posix.system', id='system'),
        pytest.param(Runs(eval, '1 + 1'), 'builtins.eval', id='eval'),
        pytest.param(Runs(getattr, [], 'append'), 'builtins.getattr', id='getattr'),
        pytest.param(Runs(open, 'run', 'w'), 'io.open|_io.open', id='open'),
        pytest.param(Runs(np.ndarray, (10**12,)), '_ArrayClass', id='huge-array'),
        pytest.param(np.array([[1], 'a'], object), 'array of object', id='objects'),
        pytest.param(np.zeros(2, 'f8,O'), 'array of', id='record'),
        pytest.param(np.array(['a']), 'array of <U1', id='text-array'),
        pytest.param(BOXES.view(Subclass), 'Subclass', id='subclass'),
        pytest.param({'a': 1}, 'holds a dict', id='dict'),
        pytest.param([['a']], 'holds a str', id='text'),
        pytest.param([b'a'], 'holds a bytes', id='bytes'),
        pytest.param({1, 2}, 'holds a set', id='set'),
        pytest.param(collections.OrderedDict(), 'OrderedDict', id='ordered-dict'),
    ],
)
def test_everything_else_is_refused(tmp_path, monkeypatch, content, message):
    monkeypatch.chdir(tmp_path)
    path = dump(tmp_path / 'x.pkl', [content])
    with pytest.raises(FormatError, match=message):
        read_plain_pickle(path)
    assert [item.name for item in tmp_path.iterdir()] == ['x.pkl']


def test_tensors_are_refused_with_a_hint(tmp_path):
    import torch

    path = dump(tmp_path / 'x.pkl', [torch.zeros(3)])
    with pytest.raises(FormatError, match='torch.*tools/detect.py'):
        read_plain_pickle(path)


def test_damaged_files(tmp_path):
    data = pickle.dumps([BOXES, 1])
    path = tmp_path / 'x.pkl'
    for end in range(len(data)):
        path.write_bytes(data[:end])
        with pytest.raises(FormatError, match='damaged'):
            read_plain_pickle(path)
    path.write_bytes(b'\x8e' + (2**62).to_bytes(8, 'little') + b'x')  # a long text
    with pytest.raises(FormatError, match='damaged'):
        read_plain_pickle(path)


def test_deep_and_endless_lists(tmp_path):
    deep = []
    for _ in range(5000):
        deep = [deep]
    path = tmp_path / 'x.pkl'
    # As bytes: to pickle it takes as many calls as to read it.
    path.write_bytes(b']' * 5000 + b'a' * 4999 + b'.')
    content = read_plain_pickle(path)
    assert isinstance(content, list) and len(content) == 1
    endless = []
    endless.append(endless)
    found = read_plain_pickle(dump(path, endless))
    assert found[0] is found
