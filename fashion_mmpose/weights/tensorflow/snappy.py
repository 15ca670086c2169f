"""Decompression of Snappy's raw format.

https://github.com/google/snappy/blob/main/format_description.txt
"""

from fashion_mmpose.errors import FormatError

from .protobuf_wire import read_varint


def decompress(stream: bytes) -> bytes:
    """The data of a raw Snappy stream (not of the framed ``.sz`` format).

    Raises:
        FormatError: If the stream is damaged. No more than its stated length is held.
    """
    length, position = read_varint(stream, 0)
    data = bytearray()
    while position < len(stream):
        tag = stream[position]
        position += 1
        kind, upper = tag & 3, tag >> 2
        if kind == 0:
            if upper >= 60:
                upper, position = _number(stream, position, upper - 59)
            literal = stream[position : position + upper + 1]
            if len(literal) <= upper:
                raise FormatError(f'a Snappy literal is cut short at byte {position}')
            position += upper + 1
            data += literal
        else:
            if kind == 1:
                low, position = _number(stream, position, 1)
                offset, count = (upper >> 3) << 8 | low, (upper & 7) + 4
            else:
                offset, position = _number(stream, position, 2 if kind == 2 else 4)
                count = upper + 1
            if not 0 < offset <= len(data):
                raise FormatError(
                    f'a Snappy copy before byte {position} goes back {offset} bytes, '
                    f'of {len(data)}'
                )
            # A copy may reach into itself: what it starts with is then repeated.
            source = data[-offset:][:count]
            data += (source * (count // len(source) + 1))[:count]
        if len(data) > length:
            break
    if len(data) != length:
        raise FormatError(f'Snappy data of {length} bytes have {len(data)} or more')
    return bytes(data)


def _number(stream: bytes, position: int, size: int) -> tuple[int, int]:
    if position + size > len(stream):
        raise FormatError(f'a Snappy element is cut short at byte {position}')
    end = position + size
    return int.from_bytes(stream[position:end], 'little'), end
