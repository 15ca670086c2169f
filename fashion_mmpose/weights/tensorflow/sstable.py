"""Sorted string tables of LevelDB, as TensorFlow's checkpoints use them.

https://github.com/google/leveldb/blob/main/doc/table_format.md
"""

import os
from collections.abc import Iterator

from fashion_mmpose.errors import FormatError

from .crc32c import crc32c, unmask
from .protobuf_wire import read_varint

_FOOTER_SIZE = 48
_LONGEST_KEYS = 32  # times a block, in which they leave out what they share
_TRAILER_SIZE = 5  # kind of compression, checksum
# Of LevelDB's blocks; TensorFlow's checkpoints have none.
_COMPRESSIONS = {1: 'Snappy', 2: 'Zstandard'}
_MAGIC = (0xDB4775248B80FB57).to_bytes(8, 'little')


def is_table(path: str | os.PathLike) -> bool:
    """Whether a file ends as a string table does; OSError if it cannot be read."""
    with open(path, 'rb') as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - _FOOTER_SIZE))
        footer = file.read()
    return len(footer) == _FOOTER_SIZE and footer.endswith(_MAGIC)


def read_table(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Keys and values of a string table, in ascending order of the keys.

    Every block's checksum is verified.

    Args:
        data: The whole file.

    Raises:
        FormatError: If the table is damaged, cut short, unsorted or compressed; the
            message says at which byte.
    """
    if len(data) < _FOOTER_SIZE or not data.endswith(_MAGIC):
        raise FormatError('this is no string table: its end is not that of one')
    end = len(data) - _FOOTER_SIZE
    metaindex, position = _handle(data, end, 'footer')
    index, _ = _handle(data, position, 'footer')
    # It names filters, which are not needed; but a damaged one is a damaged file.
    _read_block(data, end, *metaindex)
    previous = None
    left = end
    for _, encoded in _read_block(data, end, *index):
        block, _ = _handle(encoded, 0, f'entry of the index block at byte {index[0]}')
        entries = _read_block(data, end, *block)
        left -= block[1]
        if left < 0:
            raise FormatError(f'block at byte {block[0]}: it shares its bytes')
        for key, value in entries:
            if previous is not None and key <= previous:
                raise FormatError(
                    f'block at byte {block[0]}: key {key!r} comes after {previous!r}; '
                    'keys must be sorted and unique'
                )
            previous = key
            yield key, value


def _handle(data: bytes, position: int, where: str) -> tuple[tuple[int, int], int]:
    """A block's offset and size, and the position behind them."""
    try:
        offset, position = read_varint(data, position)
        size, position = read_varint(data, position)
    except FormatError as error:
        raise FormatError(f'{where}: {error}') from error
    return (offset, size), position


def _read_block(
    data: bytes, end: int, offset: int, size: int
) -> list[tuple[bytes, bytes]]:
    """The entries of one block of the table whose blocks end at a byte."""
    try:
        return list(_entries(_block(data, end, offset, size)))
    except FormatError as error:
        raise FormatError(f'block at byte {offset}: {error}') from error


def _block(data: bytes, end: int, offset: int, size: int) -> bytes:
    if offset + size + _TRAILER_SIZE > end:
        raise FormatError(
            f'it should have {size} bytes and ends behind the last block, at byte {end}'
        )
    kind = offset + size
    stored = unmask(int.from_bytes(data[kind + 1 : kind + _TRAILER_SIZE], 'little'))
    actual = crc32c(data[offset : kind + 1])
    if actual != stored:
        raise FormatError(f'its checksum is {actual:08x}, not {stored:08x} as stored')
    if data[kind] != 0:
        name = _COMPRESSIONS.get(data[kind], 'unknown')
        raise FormatError(
            f'it is compressed (kind {data[kind]}, {name}), which is not read; '
            'TensorFlow writes its checkpoints uncompressed: to fix it, save this one '
            'again with tf.train.Saver'
        )
    return data[offset:kind]


def _entries(block: bytes) -> Iterator[tuple[bytes, bytes]]:
    if len(block) < 4:
        raise FormatError(f'{len(block)} bytes are too few')
    num_restarts = int.from_bytes(block[-4:], 'little')
    end = len(block) - 4 * (num_restarts + 1)
    if end < 0:
        raise FormatError(f'{num_restarts} restarts do not fit its {len(block)} bytes')
    key, position = b'', 0
    left = _LONGEST_KEYS * len(block)
    while position < end:
        start = position
        shared, position = read_varint(block, position)
        unshared, position = read_varint(block, position)
        length, position = read_varint(block, position)
        if shared > len(key) or position + unshared + length > end:
            raise FormatError(
                f'its entry at byte {start} (key {shared} + {unshared}, value {length} '
                'bytes) does not fit'
            )
        key = key[:shared] + block[position : position + unshared]
        left -= len(key)
        if left < 0:
            raise FormatError(f'its keys are longer than {_LONGEST_KEYS} times itself')
        position += unshared
        yield key, block[position : position + length]
        position += length
