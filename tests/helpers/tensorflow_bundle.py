"""Writes TensorFlow V2 checkpoints (bundles) for tests, without TensorFlow.

It follows the format's description and shares no code with the reader, so that a
mistake there is not repeated here:
https://github.com/tensorflow/tensorflow/blob/v1.15.0/tensorflow/core/protobuf/tensor_bundle.proto
https://github.com/google/leveldb/blob/main/doc/table_format.md
"""

import struct
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

MAGIC = 0xDB4775248B80FB57
DTYPES = dict(
    float32=1,
    float64=2,
    int32=3,
    uint8=4,
    int16=5,
    int8=6,
    complex64=8,
    int64=9,
    bool=10,
    uint16=17,
    complex128=18,
    float16=19,
    uint32=22,
    uint64=23,
)


class RawTensor(NamedTuple):
    """A tensor whose type numpy does not have."""

    dtype: int  # the number in TensorFlow's DataType
    shape: tuple[int, ...]
    data: bytes


def write_bundle(
    prefix: str | Path,
    tensors: Mapping[str, np.ndarray | RawTensor],
    num_shards: int = 1,
    block_size: int = 262144,
    restart_interval: int = 16,
) -> None:
    """Write ``PREFIX.index`` and ``PREFIX.data-0000i-of-0000n``.

    Args:
        prefix: Path and beginning of the file names.
        tensors: Values by name; they go to the shards in turn.
        num_shards: Data files.
        block_size: Bytes after which a block of the index ends, as TensorFlow's.
        restart_interval: Keys after which one is written in full.
    """
    prefix = Path(prefix)
    shards = [bytearray() for _ in range(num_shards)]
    items = {b'': encode_header(num_shards)}
    for i, (name, tensor) in enumerate(sorted(tensors.items())):
        if not isinstance(tensor, RawTensor):
            little = tensor.astype(tensor.dtype.newbyteorder('<'))
            tensor = RawTensor(
                DTYPES[tensor.dtype.name], tensor.shape, little.tobytes()
            )
        shard = shards[i % num_shards]
        items[name.encode()] = encode_entry(
            tensor.dtype,
            tensor.shape,
            shard=i % num_shards,
            offset=len(shard),
            size=len(tensor.data),
            crc32c=masked_crc32c(tensor.data),
        )
        shard += tensor.data
    for i, shard in enumerate(shards):
        shard_name = f'{prefix.name}.data-{i:05d}-of-{num_shards:05d}'
        prefix.with_name(shard_name).write_bytes(shard)
    blocks = split_blocks(sorted(items.items()), block_size)
    table = encode_table(blocks, restart_interval)
    prefix.with_name(f'{prefix.name}.index').write_bytes(table)


# ---- protobuf -----------------------------------------------------------------


def varint(value: int) -> bytes:
    """Seven bits a byte, lowest first; negative numbers as 64-bit two's complement."""
    value &= 2**64 - 1
    encoded = bytearray()
    while value > 127:
        encoded.append(value & 127 | 128)
        value >>= 7
    return bytes([*encoded, value])


def integer_field(number: int, value: int) -> bytes:
    return varint(number << 3) + varint(value) if value else b''


def bytes_field(number: int, value: bytes) -> bytes:
    return varint(number << 3 | 2) + varint(len(value)) + value


def encode_header(num_shards=1, endianness=0, producer=1, min_consumer=0) -> bytes:
    """A BundleHeaderProto."""
    version = integer_field(1, producer) + integer_field(2, min_consumer)
    return (
        integer_field(1, num_shards)
        + integer_field(2, endianness)
        + bytes_field(3, version)
    )


def encode_shape(shape: Sequence[int]) -> bytes:
    """A TensorShapeProto."""
    return b''.join(bytes_field(2, integer_field(1, length)) for length in shape)


def encode_entry(dtype, shape, shard=0, offset=0, size=0, crc32c=0, extra=b'') -> bytes:
    """A BundleEntryProto; ``crc32c`` is masked, ``extra`` holds further fields."""
    return (
        integer_field(1, dtype)
        + bytes_field(2, encode_shape(shape))
        + integer_field(3, shard)
        + integer_field(4, offset)
        + integer_field(5, size)
        + bytes([6 << 3 | 5])
        + struct.pack('<I', crc32c)
        + extra
    )


# ---- string table -------------------------------------------------------------


def split_blocks(items: Sequence[tuple[bytes, bytes]], block_size: int) -> list[list]:
    """Share the items among blocks of about so many bytes."""
    blocks, length = [[]], 0
    for key, value in items:
        if length >= block_size:
            blocks.append([])
            length = 0
        blocks[-1].append((key, value))
        length += len(key) + len(value)
    return blocks


def encode_block(items: Sequence[tuple[bytes, bytes]], restart_interval=16) -> bytes:
    """Entries, whose keys leave out what they share with the one before."""
    block, restarts, previous = bytearray(), [0], b''
    for i, (key, value) in enumerate(items):
        shared = 0
        if i % restart_interval:
            while shared < min(len(key), len(previous)) and (
                key[shared] == previous[shared]
            ):
                shared += 1
        elif i:
            restarts.append(len(block))
        block += varint(shared) + varint(len(key) - shared) + varint(len(value))
        block += key[shared:] + value
        previous = key
    return bytes(block) + struct.pack(
        f'<{len(restarts) + 1}I', *restarts, len(restarts)
    )


def encode_table(
    blocks: Sequence[Sequence[tuple[bytes, bytes]]], restart_interval=16
) -> bytes:
    """A table of blocks of items."""
    keys = [block[-1][0] if block else b'' for block in blocks]
    raw = [encode_block(block, restart_interval) for block in blocks]
    return join_blocks(raw, keys)


def join_blocks(blocks: Sequence[bytes], keys: Sequence[bytes], index=None) -> bytes:
    """A table of encoded blocks.

    Args:
        blocks: Data blocks.
        keys: Of every block one that is not below its last.
        index: The index block; None makes it.
    """
    table = bytearray()

    def add(block):
        block = block + b'\0'
        handle = varint(len(table)) + varint(len(block) - 1)
        table.extend(block + struct.pack('<I', masked_crc32c(block)))
        return handle

    handles = [add(block) for block in blocks]
    if index is None:
        index = encode_block(list(zip(keys, handles)), restart_interval=1)
    footer = add(encode_block([])) + add(index)
    return bytes(table) + footer.ljust(40, b'\0') + struct.pack('<Q', MAGIC)


# ---- checksums ----------------------------------------------------------------

_POLYNOMIAL = 0x82F63B78


def _table() -> list[int]:
    table = []
    for byte in range(256):
        for _ in range(8):
            byte = byte >> 1 ^ (_POLYNOMIAL if byte & 1 else 0)
        table.append(byte)
    return table


_TABLE = _table()


def crc32c(data: bytes) -> int:
    """CRC-32C, byte by byte; many bytes as 1024 strands that are joined."""
    length = len(data) // 1024
    if length < 16:
        return _extend(0, data)
    table = np.array(_TABLE, np.uint32)
    strands = np.frombuffer(data, np.uint8, 1024 * length).reshape(1024, length)
    state = np.full(1024, 0xFFFFFFFF, np.uint32)
    for column in np.ascontiguousarray(strands.T):
        state = table[(state ^ column) & 0xFF] ^ state >> 8
    # A strand's checksum moves by x^(8 length) when another strand follows it.
    shift = 1 << 31
    for _ in range(8 * length):
        shift = shift >> 1 ^ (_POLYNOMIAL if shift & 1 else 0)
    checksum = 0
    for strand in (~state).tolist():
        checksum = _multiply(shift, checksum) ^ strand
    return _extend(checksum, data[1024 * length :])


def _extend(checksum: int, data: bytes) -> int:
    state = ~checksum & 0xFFFFFFFF
    for byte in data:
        state = _TABLE[(state ^ byte) & 0xFF] ^ state >> 8
    return ~state & 0xFFFFFFFF


def _multiply(a: int, b: int) -> int:
    """The product of two polynomials, highest power in the lowest bit."""
    product = 0
    for bit in range(31, -1, -1):
        if a >> bit & 1:
            product ^= b
        b = b >> 1 ^ (_POLYNOMIAL if b & 1 else 0)
    return product


def masked_crc32c(data: bytes) -> int:
    """As it is stored: turned right by 15 bits, plus a constant."""
    checksum = crc32c(data)
    return ((checksum >> 15 | checksum << 17) + 0xA282EAD8) & 0xFFFFFFFF
