"""CRC-32C against published values and an independent implementation."""

import numpy as np
import pytest
from tensorflow_bundle import crc32c as bytewise_crc32c

from fashion_mmpose.weights.tensorflow.crc32c import crc32c, unmask


@pytest.mark.parametrize(
    'data, expected',
    [
        pytest.param(b'', 0, id='empty'),
        pytest.param(b'a', 0xC1D04330, id='one byte'),
        pytest.param(b'123456789', 0xE3069283, id='check value'),
        # https://www.rfc-editor.org/rfc/rfc3720#appendix-B.4
        pytest.param(bytes(32), 0x8A9136AA, id='zeros'),
        pytest.param(b'\xff' * 32, 0x62A8AB43, id='ones'),
        pytest.param(bytes(range(32)), 0x46DD794E, id='rising'),
        pytest.param(bytes(range(31, -1, -1)), 0x113FDB5C, id='falling'),
    ],
)
def test_published_values(data, expected):
    assert crc32c(data) == expected
    assert bytewise_crc32c(data) == expected


# Around the widths of rows, the widest of which has 2^18 bytes.
LENGTHS = [*range(70), 1023, 1024, 1025, 2**18 - 1, 2**18, 2**18 + 1, 2**19 + 4, 700001]


def test_every_length():
    data = np.random.default_rng(0).bytes(max(LENGTHS))
    for length in LENGTHS:
        assert crc32c(data[:length]) == bytewise_crc32c(data[:length]), length


@pytest.mark.parametrize('kind', [bytearray, memoryview, 'array'])
def test_kinds_of_bytes(kind):
    data = b'123456789'
    data = np.frombuffer(data, np.uint8) if kind == 'array' else kind(data)
    assert crc32c(data) == 0xE3069283


def test_unmask():
    # The checksum of nothing is 0, of which the mask leaves its constant.
    assert unmask(0xA282EAD8) == 0
    # LevelDB's empty block of no compression ends with the bytes c0 f2 a1 b0.
    empty_block = bytes([0, 0, 0, 0, 1, 0, 0, 0, 0])
    assert unmask(0xB0A1F2C0) == crc32c(empty_block)
