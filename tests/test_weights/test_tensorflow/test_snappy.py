"""Decompression of Snappy streams, element by element."""

import numpy as np
import pytest
from tensorflow_bundle import snappy_compress

from fashion_mmpose.errors import FormatError
from fashion_mmpose.weights.tensorflow.snappy import decompress


@pytest.mark.parametrize(
    'stream, expected',
    [
        pytest.param(b'\0', b'', id='empty'),
        pytest.param(b'\3\x08abc', b'abc', id='literal'),
        pytest.param(b'\x3d\xf0\x3c' + b'x' * 61, b'x' * 61, id='length in 1 byte'),
        pytest.param(
            b'\xac\x02\xf4\x2b\x01' + b'x' * 300, b'x' * 300, id='length in 2 bytes'
        ),
        pytest.param(b'\2\xf8\1\0\0ab', b'ab', id='length in 3 bytes'),
        pytest.param(b'\2\xfc\1\0\0\0ab', b'ab', id='length in 4 bytes'),
        pytest.param(b'\x08\x0cabcd\x01\x04', b'abcdabcd', id='copy, 1-byte offset'),
        pytest.param(b'\6\x0cabcd\x06\4\0', b'abcdab', id='copy, 2-byte offset'),
        pytest.param(b'\6\x0cabcd\x07\3\0\0\0', b'abcdbc', id='copy, 4-byte offset'),
        # The example of the format's description.
        pytest.param(b'\7\x08xab\x01\x02', b'xababab', id='copy into itself'),
    ],
)
def test_elements(stream, expected):
    assert decompress(stream) == expected


def test_far_copy_with_1_byte_offset():
    # 700 = 2 * 256 + 188: the upper three bits of the offset are in the tag.
    data = np.random.default_rng(0).bytes(700)
    stream = b'\xc0\x05\xf4\xbb\x02' + data + b'\x41\xbc'
    assert decompress(stream) == data + data[:4]


def test_round_trip():
    data = b''.join(b'conv2d_%d/kernel' % (i % 37) for i in range(500))
    stream = snappy_compress(data)
    assert len(stream) < len(data) / 3
    assert decompress(stream) == data


@pytest.mark.parametrize(
    'stream, message',
    [
        pytest.param(b'', 'cut short at byte 0', id='nothing'),
        pytest.param(b'\x80', 'cut short at byte 1', id='length'),
        pytest.param(b'\3\x08ab', 'literal is cut short at byte 2', id='literal'),
        pytest.param(b'\3\xf4\1', 'element is cut short at byte 2', id='its length'),
        pytest.param(b'\4\x0cabcd\x01', 'element is cut short at byte 7', id='offset'),
        pytest.param(b'\x08\x0cabcd\x01\x00', 'goes back 0 bytes, of 4', id='zero'),
        pytest.param(b'\x08\x0cabcd\x01\x05', 'goes back 5 bytes, of 4', id='too far'),
        pytest.param(b'\x04\x08abc', 'of 4 bytes have 3', id='too few'),
        pytest.param(b'\2\x08abc\x01\0', 'of 2 bytes have 3', id='too many'),
        pytest.param(b'\xff\xff\xff\xff\x0f\0a', 'of 4294967295 bytes', id='huge'),
    ],
)
def test_damaged_streams(stream, message):
    with pytest.raises(FormatError, match=message):
        decompress(stream)
