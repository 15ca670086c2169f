"""The index of TensorFlow V2 checkpoints: header, entries, and what is refused."""

import pytest
from tensorflow_bundle import (
    bytes_field,
    crc32c,
    encode_entry,
    encode_header,
    encode_shape,
    encode_table,
    integer_field,
    masked_crc32c,
)

from fashion_mmpose.weights.tensorflow.index import (
    TensorflowCheckpointError,
    Variable,
    parse_index,
)


def index_of(entry, header=None, name=b'v'):
    header = encode_header() if header is None else header
    return encode_table([[(b'', header), (name, entry)]])


def test_entry():
    checksum = masked_crc32c(b'123456789')
    entry = encode_entry(19, (5, 1), 2, offset=300, size=10, crc32c=checksum)
    num_shards, variables = parse_index(index_of(entry, encode_header(3)))
    assert num_shards == 3
    assert variables == {'v': Variable('float16', (5, 1), 2, 300, 10, 0xE3069283)}
    assert variables['v'].crc32c == crc32c(b'123456789')


@pytest.mark.parametrize(
    'header, message',
    [
        pytest.param(bytes_field(1, b''), 'header: this is a V1 checkpoint', id='V1'),
        pytest.param(encode_header(endianness=1), 'are big-endian', id='endianness'),
        pytest.param(
            encode_header(min_consumer=2), 'reader of version 2', id='version'
        ),
        pytest.param(encode_header(0), 'number of data files is 0', id='no shards'),
        pytest.param(encode_header(-1), 'number of data files is -1', id='negative'),
        pytest.param(b'\x08', 'header: .* cut short at byte 1; .*copy', id='damaged'),
        pytest.param(integer_field(1, 1) + integer_field(3, 1), 'not bytes', id='kind'),
    ],
)
def test_refused_headers(header, message):
    index = index_of(encode_entry(1, ()), header)
    with pytest.raises(TensorflowCheckpointError, match=message):
        parse_index(index)


def test_no_header():
    index = encode_table([[(b'v', encode_entry(1, (), size=4))]])
    with pytest.raises(TensorflowCheckpointError, match='it has no header entry'):
        parse_index(index)


UNKNOWN_RANK = bytes_field(2, integer_field(3, 1))


@pytest.mark.parametrize(
    'entry, message',
    [
        pytest.param(encode_entry(1, (2,), size=4), '4 bytes are not 4 for', id='size'),
        pytest.param(encode_entry(1, (2**62, 2**62), size=8), '8 bytes', id='shape'),
        pytest.param(encode_entry(1, (-1,), size=4), 'negative length', id='negative'),
        pytest.param(encode_entry(1, (1,) * 255, size=4), '255 axes', id='axes'),
        pytest.param(encode_entry(1, (), extra=UNKNOWN_RANK), 'unknown', id='rank'),
        pytest.param(encode_entry(1, (), 1, size=4), 'data file 1 of 1', id='shard'),
        pytest.param(
            encode_entry(1, (), -1, size=4), 'data file -1 of', id='shard < 0'
        ),
        pytest.param(
            encode_entry(1, (), offset=-4, size=4), '4 bytes at -4', id='offset'
        ),
        pytest.param(encode_entry(7, (), size=-1), '-1 bytes at 0', id='size < 0'),
        pytest.param(b'\x0a\0', 'field 1 is not a number', id='kind'),
        pytest.param(b'\x12\5\0', 'end behind the message', id='cut'),
    ],
)
def test_refused_entries(entry, message):
    index = index_of(entry)
    with pytest.raises(
        TensorflowCheckpointError, match=f"variable 'v': .*{message}.*copy it"
    ):
        parse_index(index)


def test_shape_in_parts():
    entry = encode_entry(1, (2,), size=24, extra=bytes_field(2, encode_shape((3,))))
    index = index_of(entry)
    assert parse_index(index)[1]['v'].shape == (2, 3)


def test_name_that_is_no_text():
    index = index_of(encode_entry(1, (), size=4), name=b'a\xff')
    with pytest.raises(TensorflowCheckpointError, match='xff.*the name is not UTF-8'):
        parse_index(index)
