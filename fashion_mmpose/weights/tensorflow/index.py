"""The index of a TensorFlow V2 checkpoint: which variables it has, and where.

It is a string table whose empty key holds a BundleHeaderProto, and every variable's
name a BundleEntryProto:
https://github.com/tensorflow/tensorflow/blob/v1.15.0/tensorflow/core/protobuf/tensor_bundle.proto
"""

import contextlib
import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from fashion_mmpose.errors import FormatError

from .crc32c import unmask
from .protobuf_wire import Message
from .sstable import read_table

# TensorFlow's DataType: name, and how its values lie in the file (None = unreadable).
# https://github.com/tensorflow/tensorflow/blob/v1.15.0/tensorflow/core/framework/types.proto
_DTYPES = {
    1: ('float32', '<f4'),
    2: ('float64', '<f8'),
    3: ('int32', '<i4'),
    4: ('uint8', '<u1'),
    5: ('int16', '<i2'),
    6: ('int8', '<i1'),
    7: ('string', None),
    8: ('complex64', '<c8'),
    9: ('int64', '<i8'),
    10: ('bool', '<u1'),
    11: ('qint8', None),
    12: ('quint8', None),
    13: ('qint32', None),
    14: ('bfloat16', '<u2'),
    15: ('qint16', None),
    16: ('quint16', None),
    17: ('uint16', '<u2'),
    18: ('complex128', '<c16'),
    19: ('float16', '<f2'),
    20: ('resource', None),
    21: ('variant', None),
    22: ('uint32', '<u4'),
    23: ('uint64', '<u8'),
}
STORAGE = {name: np.dtype(code) for name, code in _DTYPES.values() if code}
_FORMAT_VERSION = 1
_LITTLE_ENDIAN = 0
_MAX_AXES = 254  # of a tensor in TensorFlow
_COPY_AGAIN = 'the file is damaged or cut short; copy it again from its source'
SAVE_AS_V2 = (
    'save it again in TensorFlow with tf.train.Saver(write_version='
    'tf.train.SaverDef.V2)'
)


class TensorflowCheckpointError(FormatError):
    """A TensorFlow checkpoint cannot be read; the message says where and why."""


@dataclass(frozen=True)
class Variable:
    """Where and how a checkpoint keeps a variable.

    Attributes:
        dtype: TensorFlow's name of the type of its values, e.g. ``'float32'``.
        shape: Lengths of its axes; ``()`` is a scalar.
        shard: Number of the data file, from 0.
        offset: First byte in it.
        size: Bytes.
        crc32c: The checksum of these bytes.
        num_slices: Parts that a partitioned variable is kept in, for which the four
            values above say nothing; 0 for all others.
    """

    dtype: str
    shape: tuple[int, ...]
    shard: int
    offset: int
    size: int
    crc32c: int
    num_slices: int = 0


@contextlib.contextmanager
def located(where: str) -> Iterator[None]:
    """Say where a file does not fit its format, and what to do about it."""
    try:
        yield
    except TensorflowCheckpointError as error:
        raise TensorflowCheckpointError(f'{where}: {error}') from error
    except FormatError as error:
        raise TensorflowCheckpointError(f'{where}: {error}; {_COPY_AGAIN}') from error


def parse_index(data: bytes) -> tuple[int, dict[str, Variable]]:
    """The number of data files, and the variables by name, in their order.

    Args:
        data: The ``.index`` file.

    Raises:
        TensorflowCheckpointError: If it is damaged or of another kind.
    """
    with located('string table'):
        # The keys are sorted, so that the header's, the empty one, is the first.
        entries = dict(read_table(data))
        if b'' not in entries:
            raise FormatError('it has no header entry')
    with located('header'):
        num_shards = _parse_header(Message(entries.pop(b'')))
    variables = {}
    for key, value in entries.items():
        # The parts of partitioned variables have keys of this kind.
        if key.startswith(b'\0'):
            continue
        with located(f'variable {key.decode(errors="backslashreplace")!r}'):
            variables[_parse_name(key)] = _parse_entry(Message(value), num_shards)
    return num_shards, variables


def _parse_header(header: Message) -> int:
    """The number of data files that a BundleHeaderProto tells."""
    if header.is_encoded(1):
        # A V1 checkpoint is one such table, with a message in this place.
        raise TensorflowCheckpointError(f'this is a V1 checkpoint; {SAVE_AS_V2}')
    if header.unsigned(2) != _LITTLE_ENDIAN:
        raise TensorflowCheckpointError(
            'the tensors are big-endian, which is not read; save them again on a '
            'little-endian machine'
        )
    for version in header.encoded(3):
        needed = Message(version).signed(2)
        if needed > _FORMAT_VERSION:
            raise TensorflowCheckpointError(
                f'the format needs a reader of version {needed}, this one has '
                f'{_FORMAT_VERSION}; save it again with TensorFlow 1.x'
            )
    num_shards = header.signed(1)
    if num_shards < 1:
        raise FormatError(f'the number of data files is {num_shards}')
    return num_shards


def _parse_name(key: bytes) -> str:
    try:
        return key.decode()
    except UnicodeDecodeError as error:
        raise FormatError('the name is not UTF-8') from error


def _parse_entry(entry: Message, num_shards: int) -> Variable:
    """The variable of a BundleEntryProto."""
    number = entry.unsigned(1)
    dtype, _ = _DTYPES.get(number, (f'unknown ({number})', None))
    # Repeated occurrences of a message are merged, that is, put together.
    shape = Message(b''.join(entry.encoded(2)))
    if shape.unsigned(3):
        raise FormatError('its shape has an unknown number of axes')
    variable = Variable(
        dtype=dtype,
        shape=tuple(Message(axis).signed(1) for axis in shape.encoded(2)),
        shard=entry.signed(3),
        offset=entry.signed(4),
        size=entry.signed(5),
        crc32c=unmask(entry.unsigned(6)),
        num_slices=len(entry.encoded(7)),
    )
    if len(variable.shape) > _MAX_AXES:
        raise FormatError(f'its {len(variable.shape)} axes are more than {_MAX_AXES}')
    if min(variable.shape, default=0) < 0:
        raise FormatError(f'its shape {variable.shape} has a negative length')
    if variable.num_slices:
        return variable
    if not 0 <= variable.shard < num_shards:
        raise FormatError(f'it is in data file {variable.shard} of {num_shards}')
    if variable.offset < 0 or variable.size < 0:
        raise FormatError(f'its place is {variable.size} bytes at {variable.offset}')
    if dtype in STORAGE:
        itemsize = STORAGE[dtype].itemsize
        if variable.size != itemsize * math.prod(variable.shape):
            raise FormatError(
                f'its {variable.size} bytes are not {itemsize} for each value of its '
                f'shape {variable.shape}, as {dtype} needs'
            )
    return variable
