"""Sorted string tables: blocks, checksums, and what is refused."""

import struct

import pytest
from tensorflow_bundle import (
    encode_block,
    encode_table,
    join_blocks,
    masked_crc32c,
    split_blocks,
    varint,
)

from fashion_mmpose.errors import FormatError
from fashion_mmpose.weights.tensorflow.sstable import is_table, read_table

ITEMS = [(b'', b'header')] + [(b'key/%04d' % i, b'value %d' % i) for i in range(200)]


def table_of(block):
    return join_blocks([block], [b'~'])


def entry(shared, key, value):
    return varint(shared) + varint(len(key)) + varint(len(value)) + key + value


def block_of(*entries, num_restarts=1):
    return b''.join(entries) + struct.pack('<2I', 0, num_restarts)


@pytest.mark.parametrize('restart_interval', [1, 3, 16])
@pytest.mark.parametrize('block_size, num_blocks', [(10**6, 1), (512, 7), (1, 201)])
def test_round_trip(block_size, num_blocks, restart_interval):
    blocks = split_blocks(ITEMS, block_size)
    assert len(blocks) == num_blocks
    table = encode_table(blocks, restart_interval)
    assert list(read_table(table)) == ITEMS


def test_bytes_by_hand():
    block = block_of(entry(0, b'', b'0'), entry(0, b'abc', b'1'), entry(2, b'd', b''))
    assert list(read_table(table_of(block))) == [
        (b'', b'0'),
        (b'abc', b'1'),
        (b'abd', b''),
    ]


def test_empty_block():
    # What LevelDB writes for the index of filters when there are none.
    empty = bytes.fromhex('00000000 01000000 00 c0f2a1b0')
    table = encode_table([])
    assert table.startswith(empty)
    assert list(read_table(table)) == []


def test_end_of_file(tmp_path):
    path = tmp_path / 'table'
    for data, expected in [
        (encode_table([]), True),
        (encode_table([])[:-1], False),
        (encode_table([]) + b'\0', False),
        (encode_table([])[-47:], False),
        (b'', False),
    ]:
        path.write_bytes(data)
        assert is_table(path) is expected


@pytest.mark.parametrize(
    'table, message',
    [
        pytest.param(b'', 'no string table', id='empty'),
        pytest.param(encode_table([])[:-1], 'no string table', id='cut'),
        pytest.param(
            encode_table([])[:-48] + b'\xff' * 40 + encode_table([])[-8:],
            'footer: .* longer than 64 bits',
            id='footer',
        ),
        pytest.param(
            encode_table([])[5:], 'block at byte 0: its checksum is', id='shifted'
        ),
        pytest.param(
            join_blocks([], [], index=encode_block([(b'k', b'\0')])),
            'entry of the index block at byte 13: .* cut short',
            id='handle',
        ),
        pytest.param(
            join_blocks([], [], index=encode_block([(b'k', b'\0' + varint(2**60))])),
            'block at byte 0: it should have 1152921504606846976 bytes',
            id='huge block',
        ),
        pytest.param(table_of(b'\1\0'), 'block at byte 0: 2 bytes', id='no restarts'),
        pytest.param(
            table_of(block_of(num_restarts=9)), '9 restarts do not fit', id='restarts'
        ),
        pytest.param(
            table_of(block_of(entry(1, b'a', b''))), r'byte 0 \(key 1 \+ 1', id='shared'
        ),
        pytest.param(
            table_of(block_of(b'\0\5\0ab')), r'byte 0 \(key 0 \+ 5', id='key length'
        ),
        pytest.param(
            table_of(block_of(entry(0, b'a', b'b'), b'\0\1' + varint(2**40) + b'c')),
            r'byte 5 \(key 0 \+ 1, value 1099511627776 bytes\)',
            id='value length',
        ),
        pytest.param(
            encode_table([[(b'b', b''), (b'a', b'')]]),
            "block at byte 0: key b'a' comes after b'b'; keys must be sorted",
            id='unsorted',
        ),
        pytest.param(
            encode_table([[(b'a', b'')], [(b'a', b'')]]),
            "block at byte 17: key b'a' comes after b'a'",
            id='duplicate in two blocks',
        ),
    ],
)
def test_damaged_tables(table, message):
    with pytest.raises(FormatError, match=message):
        list(read_table(table))


@pytest.mark.parametrize(
    'kind, name', [(1, 'Snappy'), (2, 'Zstandard'), (7, 'unknown')]
)
def test_compressed_blocks_are_refused(kind, name):
    table = bytearray(encode_table([[(b'a', b'b')]]))
    size = len(encode_block([(b'a', b'b')]))
    table[size] = kind
    with pytest.raises(FormatError, match='block at byte 0: its checksum is'):
        list(read_table(bytes(table)))
    checksum = masked_crc32c(bytes(table[: size + 1]))
    table[size + 1 : size + 5] = struct.pack('<I', checksum)
    message = rf'byte 0: it is compressed \(kind {kind}, {name}\), .* to fix it, save'
    with pytest.raises(FormatError, match=message):
        list(read_table(bytes(table)))


def test_no_damaged_byte_passes():
    table = encode_table([ITEMS[:3], ITEMS[3:6]])
    padding = range(len(table) - 44, len(table) - 8)
    for i in range(len(table)):
        for change in (1, 0x80, 0xFF):
            damaged = bytearray(table)
            damaged[i] ^= change
            # With its highest bit the last number takes a zero of the padding along.
            if i in padding or (i == padding.start - 1 and change == 0x80):
                assert list(read_table(bytes(damaged))) == ITEMS[:6]
                continue
            with pytest.raises(FormatError):
                list(read_table(bytes(damaged)))


def test_no_truncated_table_passes():
    table = encode_table([ITEMS[:3], ITEMS[3:6]])
    for length in range(len(table)):
        with pytest.raises(FormatError, match='no string table'):
            list(read_table(table[:length]))
        # The end is there, but bytes before it are not.
        if length:
            with pytest.raises(FormatError):
                list(read_table(table[length:]))
