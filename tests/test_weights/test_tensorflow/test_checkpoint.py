"""TensorFlow V2 checkpoints: variables, shards, and what is refused."""

import struct

import numpy as np
import pytest
from tensorflow_bundle import (
    RawTensor,
    bytes_field,
    crc32c,
    encode_block,
    encode_entry,
    encode_header,
    encode_table,
    integer_field,
    join_blocks,
    masked_crc32c,
    write_bundle,
)

from fashion_mmpose.errors import FormatError
from fashion_mmpose.weights.tensorflow.checkpoint import (
    TensorflowCheckpointError,
    Variable,
    list_variables,
    read_variables,
)

KERNEL = np.arange(12, dtype=np.float32).reshape(2, 3, 1, 2) - 5.5
TENSORS = {
    'conv2d/kernel': KERNEL,
    'conv2d/bias': np.array([0.25, -1], np.float32),
    'empty': np.zeros((0, 3), np.float32),
    'global_step': np.array(12345678901, np.int64),
}


@pytest.fixture
def prefix(tmp_path):
    """A checkpoint of a few variables."""
    write_bundle(tmp_path / 'cpm', TENSORS)
    return tmp_path / 'cpm'


def write_index(prefix, entry, header=None, name=b'v'):
    """An index with one entry."""
    items = [(b'', encode_header() if header is None else header), (name, entry)]
    prefix.with_name(f'{prefix.name}.index').write_bytes(encode_table([items]))


def assert_same(values, expected):
    assert list(values) == sorted(expected)
    for name, array in expected.items():
        assert values[name].dtype == array.dtype, name
        np.testing.assert_array_equal(values[name], array, strict=True)


def test_list(prefix):
    prefix.with_name('cpm.data-00000-of-00001').unlink()
    assert list_variables(prefix) == {
        'conv2d/bias': Variable(
            dtype='float32',
            shape=(2,),
            shard=0,
            offset=0,
            size=8,
            crc32c=crc32c(struct.pack('<2f', 0.25, -1)),
        ),
        'conv2d/kernel': Variable(
            'float32', (2, 3, 1, 2), 0, 8, 48, crc32c(KERNEL.tobytes())
        ),
        'empty': Variable('float32', (0, 3), 0, 56, 0, 0),
        'global_step': Variable(
            'int64', (), 0, 56, 8, crc32c(struct.pack('<q', 12345678901))
        ),
    }


def test_bytes_by_hand(tmp_path):
    # The header (one shard, producer 1), then 'w': float32, shape (2, ), 8 bytes.
    entry = bytes.fromhex('0801 1204 1202 0802 2808 35') + struct.pack(
        '<I', masked_crc32c(struct.pack('<2f', 1, -2))
    )
    write_index(tmp_path / 'm', entry, bytes.fromhex('0801 1a02 0801'), b'w')
    (tmp_path / 'm.data-00000-of-00001').write_bytes(bytes.fromhex('0000803f 000000c0'))
    values = read_variables(tmp_path / 'm')
    np.testing.assert_array_equal(values['w'], np.float32([1, -2]), strict=True)


@pytest.mark.parametrize('ending', ['', '.index', '.data-00000-of-00001'])
def test_read(prefix, ending):
    assert_same(read_variables(f'{prefix}{ending}'), TENSORS)


def test_read_some(prefix):
    values = read_variables(prefix, ['global_step', 'conv2d/bias', 'global_step'])
    assert list(values) == ['global_step', 'conv2d/bias']
    assert values['global_step'] == 12345678901
    assert read_variables(prefix, []) == {}


@pytest.mark.parametrize(
    'dtype',
    'float16 float32 float64 int8 int16 int32 int64 uint8 uint16 uint32 uint64 '
    'complex64 complex128 bool'.split(),
)
def test_types(tmp_path, dtype):
    array = np.array([[0, 1, 2], [3, 100, 0]]).astype(dtype)
    write_bundle(tmp_path / 'm', {'v': array})
    assert list_variables(tmp_path / 'm')['v'].dtype == dtype
    assert_same(read_variables(tmp_path / 'm'), {'v': array})


def test_bfloat16(tmp_path):
    # 1, -2.5 and infinity: the upper halves of 3f800000, c0200000 and 7f800000.
    data = struct.pack('<3H', 0x3F80, 0xC020, 0x7F80)
    write_bundle(tmp_path / 'm', {'v': RawTensor(14, (3,), data)})
    assert list_variables(tmp_path / 'm')['v'].dtype == 'bfloat16'
    assert_same(
        read_variables(tmp_path / 'm'), {'v': np.float32([1, -2.5, float('inf')])}
    )


def test_many_variables(tmp_path):
    rng = np.random.default_rng(0)
    tensors = {
        f'conv2d_{i}/{part}/{"é" * (i % 3)}': rng.random((i % 5, 3)).astype(np.float32)
        for i in range(60)
        for part in ('kernel', 'bias')
    }
    write_bundle(tmp_path / 'm', tensors, 3, 512, restart_interval=4)
    variables = list_variables(tmp_path / 'm.index')
    assert len(variables) == 120
    assert {variable.shard for variable in variables.values()} == {0, 1, 2}
    assert_same(read_variables(tmp_path / 'm.data-00001-of-00003'), tensors)


def test_only_the_needed_shards_are_read(tmp_path):
    write_bundle(tmp_path / 'm', {'a': np.ones(2), 'b': np.zeros(3)}, num_shards=2)
    (tmp_path / 'm.data-00001-of-00002').unlink()
    np.testing.assert_array_equal(read_variables(tmp_path / 'm', ['a'])['a'], [1, 1])
    with pytest.raises(
        TensorflowCheckpointError,
        match=r"1 of its 2 data files.*'m.data-00001-of-00002'",
    ):
        read_variables(tmp_path / 'm')


def test_unknown_fields_are_passed_over(tmp_path):
    extra = (
        integer_field(15, 7)
        + bytes_field(16, b'later')
        + bytes([17 << 3 & 127 | 5 | 128, 1])
        + bytes(4)
    )
    data = struct.pack('<f', 3)
    entry = encode_entry(1, (), size=4, crc32c=masked_crc32c(data), extra=extra)
    write_index(tmp_path / 'm', entry, encode_header() + extra)
    (tmp_path / 'm.data-00000-of-00001').write_bytes(data)
    assert_same(read_variables(tmp_path / 'm'), {'v': np.array(3, np.float32)})


@pytest.mark.parametrize(
    'number, name',
    [(7, 'string'), (20, 'resource'), (21, 'variant'), (11, 'qint8'), (99, r'unknown')],
)
def test_types_that_are_not_numbers(tmp_path, number, name):
    tensors = {'n': np.arange(3), 's': RawTensor(number, (2,), b'\1\1....ab')}
    write_bundle(tmp_path / 'm', tensors)
    variable = list_variables(tmp_path / 'm')['s']
    assert variable.dtype.startswith(name)
    assert (variable.shape, variable.size) == ((2,), 8)
    with pytest.raises(TensorflowCheckpointError, match=f"'s' is of type {name}"):
        read_variables(tmp_path / 'm')
    np.testing.assert_array_equal(read_variables(tmp_path / 'm', ['n'])['n'], [0, 1, 2])


def test_partitioned_variable(tmp_path):
    part = bytes_field(7, bytes_field(1, integer_field(2, 4)))
    items = [
        (b'', encode_header()),
        (b'\0\1v\0\1', encode_entry(1, (4,), size=16)),
        (b'v', encode_entry(1, (8,), extra=part + part)),
    ]
    (tmp_path / 'm.index').write_bytes(encode_table([items]))
    variables = list_variables(tmp_path / 'm')
    assert list(variables) == ['v']
    assert (variables['v'].shape, variables['v'].num_slices) == ((8,), 2)
    with pytest.raises(TensorflowCheckpointError, match="'v' is partitioned into 2"):
        read_variables(tmp_path / 'm')


def test_unknown_name(prefix):
    with pytest.raises(
        TensorflowCheckpointError,
        match=r"cpm.index: there is no variable 'conv2d/kernels' among its 4; "
        r"similar are \['conv2d/kernel'",
    ):
        read_variables(prefix, ['conv2d/bias', 'conv2d/kernels'])


# ---- wrong files ----------------------------------------------------------------


@pytest.mark.parametrize(
    'path, message',
    [
        pytest.param('cpn', r'cpn.index is missing; give the prefix', id='absent'),
        pytest.param('cpn.index', 'cpn.index is missing', id='absent index'),
        pytest.param(
            'data.data-00000-of-00001', 'data.index is missing', id='no index'
        ),
        pytest.param('', r"is a folder, with the checkpoints \['cpm', 'x'\]", id='dir'),
        pytest.param('cpm.meta', 'cpm.meta is a graph', id='graph'),
        pytest.param('v1.ckpt', r'v1.ckpt is a V1 checkpoint; save .*V2', id='V1'),
        pytest.param('checkpoint', 'checkpoint is no V2 checkpoint: .*', id='text'),
        pytest.param('x', 'x.index is not the index of a V2', id='other index'),
    ],
)
def test_wrong_paths(prefix, path, message):
    folder = prefix.parent
    (folder / 'data.data-00000-of-00001').write_bytes(bytes(64))
    (folder / 'cpm.meta').write_bytes(b'\x0a\x05graph')
    (folder / 'v1.ckpt').write_bytes(encode_table([]))
    (folder / 'checkpoint').write_text('model_checkpoint_path: "cpm"\n')
    (folder / 'x.index').write_text('name,shape\n' * 9)
    for function in (list_variables, read_variables):
        with pytest.raises(TensorflowCheckpointError, match=message):
            function(folder / path)


def test_working_folder_is_a_folder(prefix, monkeypatch):
    monkeypatch.chdir(prefix.parent)
    with pytest.raises(TensorflowCheckpointError, match=r"folder, .*\['cpm'\]"):
        list_variables('.')
    assert_same(read_variables('cpm'), TENSORS)


def test_shape_that_numpy_has_not(tmp_path):
    write_index(tmp_path / 'm', encode_entry(1, (0, *[2**40] * 3), crc32c=0xA282EAD8))
    (tmp_path / 'm.data-00000-of-00001').write_bytes(b'')
    assert list_variables(tmp_path / 'm')['v'].shape == (0, 2**40, 2**40, 2**40)
    with pytest.raises(TensorflowCheckpointError, match="'v': its shape .* too large"):
        read_variables(tmp_path / 'm')


def test_huge_size_is_not_allocated(tmp_path):
    write_index(tmp_path / 'm', encode_entry(4, (2**60,), size=2**60))
    (tmp_path / 'm.data-00000-of-00001').write_bytes(bytes(100))
    with pytest.raises(
        TensorflowCheckpointError,
        match=r"m.data-00000-of-00001: variable 'v': its 1152921504606846976 bytes at "
        'byte 0 end behind the file of 100 bytes',
    ):
        read_variables(tmp_path / 'm')


# ---- damage -----------------------------------------------------------------------


def test_damaged_and_truncated_data(prefix):
    path = prefix.with_name('cpm.data-00000-of-00001')
    data = path.read_bytes()
    assert len(data) == 64
    starts = {'conv2d/bias': 0, 'conv2d/kernel': 8, 'global_step': 56}
    for i in range(64):
        path.write_bytes(data[:i] + bytes([data[i] ^ 1]) + data[i + 1 :])
        name = max((n for n in starts if starts[n] <= i), key=starts.get)
        with pytest.raises(
            TensorflowCheckpointError,
            match=f"'{name}': the checksum .* {starts[name]} is",
        ):
            read_variables(prefix)
        path.write_bytes(data[:i])
        with pytest.raises(TensorflowCheckpointError, match='end behind the file'):
            read_variables(prefix)
    path.write_bytes(data + b'more')
    assert_same(read_variables(prefix), TENSORS)


def test_damaged_and_truncated_index(prefix):
    path = prefix.with_name('cpm.index')
    data = path.read_bytes()
    for i in range(len(data)):
        path.write_bytes(data[:i])
        with pytest.raises(TensorflowCheckpointError, match='cut short'):
            list_variables(prefix)
        if i < len(data) - 48:
            path.write_bytes(data[:i] + bytes([data[i] ^ 0x10]) + data[i + 1 :])
            with pytest.raises(
                TensorflowCheckpointError, match='cpm.index: .*checksum'
            ):
                list_variables(prefix)


@pytest.mark.slow
@pytest.mark.parametrize('part', ['data', 'index'])
def test_damage_under_a_right_checksum(prefix, part):
    """What no checksum tells is still the own error, or well-formed values."""
    items = [(b'', encode_header())]
    offset = 0
    for name, array in sorted(TENSORS.items()):
        checksum = masked_crc32c(array.tobytes())
        dtype = 9 if array.dtype == np.int64 else 1
        entry = encode_entry(dtype, array.shape, 0, offset, array.nbytes, checksum)
        items.append((name.encode(), entry))
        offset += array.nbytes
    data = encode_block(items)
    index = encode_block(
        [(b'z', b'\0' + bytes([len(data) & 127 | 128, len(data) >> 7]))]
    )
    path = prefix.with_name('cpm.index')
    path.write_bytes(join_blocks([data], [b'z'], index=index))
    assert_same(read_variables(prefix), TENSORS)
    refused = 0
    original = bytearray(data if part == 'data' else index)
    for i, byte in enumerate(original):
        for change in (1, 2, 0x10, 0x80, 0xFF):
            damaged = original.copy()
            damaged[i] = byte ^ change
            blocks = (damaged, index) if part == 'data' else (data, damaged)
            path.write_bytes(
                join_blocks([bytes(blocks[0])], [b'z'], index=bytes(blocks[1]))
            )
            try:
                values = read_variables(prefix)
            except TensorflowCheckpointError as error:
                refused += 1
                assert 'cpm' in str(error)
            else:
                assert all(isinstance(value, np.ndarray) for value in values.values())
    assert refused > len(original)


def test_error_is_a_format_error():
    assert issubclass(TensorflowCheckpointError, FormatError)
