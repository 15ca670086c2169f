"""A pickle of arrays is read; nothing that it names is run."""

import collections
import os
import pickle

import numpy as np
import pytest

from fashion_mmpose.errors import FormatError
from fashion_mmpose.formats.detectors.restricted_pickle import read_plain_pickle

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


class Described:
    """An array as numpy pickles it, of any type, state and shape."""

    def __init__(self, kind='f8', state=(), data=bytes(8), shape=(1,)):
        flags = (3, '<', None, None, None, -1, -1, 0)
        self.dtype = Runs(np.dtype, kind, False, True)
        self.dtype.call += ((*flags[: 8 - len(state)], *state),)
        self.array = self.dtype, data, shape

    def __reduce__(self):
        dtype, data, shape = self.array
        start = np.zeros(0).__reduce__()
        return *start[:2], (1, shape, dtype, False, data)


@pytest.mark.parametrize(
    'content, message',
    [
        pytest.param(Runs(os.system, 'touch run'), 'posix.system', id='system'),
        pytest.param(Runs(eval, '1 + 1'), 'builtins.eval', id='eval'),
        pytest.param(Runs(getattr, [], 'append'), 'builtins.getattr', id='getattr'),
        pytest.param(Runs(open, 'run', 'w'), 'io.open|_io.open', id='open'),
        pytest.param(
            Runs(np.ndarray, (10**12,)), 'calls numpy.ndarray', id='huge-array'
        ),
        pytest.param(np.array([[1], 'a'], object), 'array of O8', id='objects'),
        pytest.param(np.zeros(2, 'f8,O'), 'array of', id='record'),
        pytest.param(np.array(['a']), 'array of U1', id='text-array'),
        pytest.param(BOXES.view(Subclass), 'Subclass', id='subclass'),
        # A float whose flags say that it is a reference; numpy would follow it.
        pytest.param(Described(state=(63,)), 'parts or flags', id='flags'),
        pytest.param(
            Described(state=(('a',), {'a': (np.dtype('f8'), 10**6)}, -1, -1, 16)),
            'holds a dict',
            id='field-outside',
        ),
        pytest.param(Described('(9,9)f8'), r'array of \(9,9\)f8', id='subarray'),
        pytest.param(Described(shape=(2,)), r'8 bytes for .*\(2,\)', id='too-few'),
        pytest.param(
            Described(shape=(10**9, 10**9)), '8 bytes for an array', id='huge-shape'
        ),
        pytest.param(Described(shape=(-1,)), 'shape', id='negative'),
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


@pytest.mark.parametrize(
    'steps, message',
    [
        # Python's own reader takes 64 GB for the table of this file's values.
        pytest.param(b'Nr\xff\xff\xff\xff.', None, id='number-in-the-memo'),
        pytest.param(b'Nj\xff\xff\xff\xff.', 'damaged', id='not-in-the-memo'),
        pytest.param(b'\x96' + b'\xff' * 7 + b'\x7fx.', 'damaged', id='bytearray'),
        pytest.param(b'\x80\x04\x95' + b'\xff' * 7 + b'\x7fN.', None, id='frame'),
        pytest.param(b'NN.', 'damaged', id='two-values'),
        pytest.param(b'.', 'damaged', id='none'),
        pytest.param(b'a.', 'damaged', id='append-to-nothing'),
        pytest.param(b'K\x01K\x02a.', 'appends to a int', id='append-to-number'),
        pytest.param(b't.', 'damaged', id='no-mark'),
        pytest.param(b'K\x01)R.', 'calls int', id='call-a-number'),
        pytest.param(b'])R.', 'calls list', id='call-a-list'),
        pytest.param(b'](I1\nl\x94b.', 'state of a list', id='state-of-a-list'),
        pytest.param(b'cnumpy\ndtype\n}b.', 'a dict', id='state-of-a-name'),
        pytest.param(b'cnumpy\ndtype\n)\x81.', 'holds an object', id='object'),
        pytest.param(b'cnumpy\ndtype\n.', 'holds a Name', id='name'),
        pytest.param(b'P1\n.', 'outside of the file', id='persistent'),
        pytest.param(b'\x82\x01.', 'outside of the file', id='extension'),
        pytest.param(b'\x97.', 'outside of the file', id='buffer'),
        pytest.param(b'N2.', 'a step DUP', id='step'),
    ],
)
def test_programs(tmp_path, steps, message):
    path = tmp_path / 'x.pkl'
    path.write_bytes(steps)
    if message is None:
        assert read_plain_pickle(path) is None
    else:
        with pytest.raises(FormatError, match=message):
            read_plain_pickle(path)


@pytest.mark.slow
def test_what_is_damaged_at_random_is_read_or_refused(tmp_path):
    """No other error, and nothing but numbers is handed out."""
    path = tmp_path / 'x.pkl'
    rng = np.random.default_rng(0)
    refused = 0
    for protocol in (0, 2, 4, 5):
        data = pickle.dumps([BOXES, np.float32(1), (1, [2.5])], protocol)
        for _ in range(250):
            damaged = bytearray(data)
            for place in rng.integers(len(data), size=rng.integers(1, 4)):
                damaged[place] = rng.integers(256)
            path.write_bytes(damaged)
            try:
                found = read_plain_pickle(path)
            except FormatError as error:
                assert str(error).startswith(str(path))
                refused += 1
            else:
                assert isinstance(found, (list, tuple, float, int, np.ndarray))
    assert 500 < refused < 1000


def test_an_array_twice(tmp_path):
    found = read_plain_pickle(dump(tmp_path / 'x.pkl', [BOXES, (BOXES,), BOXES]))
    assert found[0] is found[1][0] is found[2]
    np.testing.assert_array_equal(found[0], BOXES)


def test_deep_and_endless_lists(tmp_path):
    path = tmp_path / 'x.pkl'
    # As bytes: to pickle it takes as many calls as to read it.
    path.write_bytes(b']' * 20 + b'a' * 19 + b'.')
    content = read_plain_pickle(path)
    assert isinstance(content, list) and len(content) == 1
    path.write_bytes(b']' * 5000 + b'a' * 4999 + b'.')
    with pytest.raises(FormatError, match='more than 32 deep'):
        read_plain_pickle(path)
    endless = []
    endless.append(endless)
    with pytest.raises(FormatError, match='holds itself'):
        read_plain_pickle(dump(path, endless))


# A tuple of itself twice, 28 times: 2**28 values. It lies on the stack and in the memo.
SHARED = b')' + b''.join(b'q%ch%c\x86' % (i, i) for i in range(28))
DEEP = b')' + b'\x85' * 200_000
TEXT = b'X' + (10**6).to_bytes(4, 'little') + b'a' * 10**6


@pytest.mark.slow
@pytest.mark.parametrize(
    'steps, message',
    [
        pytest.param(SHARED + b'.', 'again and again', id='shared'),
        pytest.param(SHARED + b')R.', 'calls tuple', id='shared-called'),
        pytest.param(SHARED + b')b.', 'state of a tuple', id='shared-built'),
        pytest.param(b'cnumpy\ndtype\n' + SHARED + b'R.', 'damaged', id='shared-type'),
        pytest.param(DEEP + b'.', 'deep', id='deep'),
        pytest.param(DEEP + b')R.', 'calls tuple', id='deep-called'),
        pytest.param(b'cnumpy\ndtype\n' + DEEP + b'R.', 'damaged', id='deep-type'),
        pytest.param(
            TEXT
            + b'q\x00'
            + b'c_codecs\nencode\n(h\x00X\x06\x00\x00\x00latin1tR' * 3000
            + b'.',
            'more bytes than it holds',
            id='encode',
        ),
        pytest.param(
            b'B' + (10**6).to_bytes(4, 'little') + bytes(10**6) + b'q\x00'
            b'cnumpy\ndtype\n(X\x02\x00\x00\x00u1tRq\x01'
            + b'cnumpy.core.numeric\n_frombuffer\n'
            b'(h\x00h\x01(J\x40\x42\x0f\x00tX\x01\x00\x00\x00CtR' * 3000 + b'.',
            'more bytes than it holds',
            id='frombuffer',
        ),
        pytest.param(
            b'cnumpy\ndtype\n(X\x02\x00\x00\x00u1tRq\x01'
            b'cnumpy.core.numeric\n_frombuffer\n'
            b'(J\xff\xff\xff\x7fh\x01(J\xff\xff\xff\x7ftX\x01\x00\x00\x00CtR.',
            'no bytes',
            id='zeros',
        ),
        pytest.param(b'(\x8a\x10' + b'\x7f' * 16 + b't.', '64 bits', id='number'),
    ],
)
def test_small_files_that_are_endless(tmp_path, steps, message):
    """They are refused at once, in little memory."""
    path = tmp_path / 'x.pkl'
    path.write_bytes(steps)
    with pytest.raises(FormatError, match=message):
        read_plain_pickle(path)
