"""The wire format of protocol buffers: enough to read a message's fields.

https://protobuf.dev/programming-guides/encoding/
"""

from fashion_mmpose.errors import FormatError

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_FIXED_SIZES = {_FIXED64: 8, _FIXED32: 4}


class Message:
    """The fields of an encoded message; those that nobody asks for are passed over.

    Args:
        encoded: The message.

    Raises:
        FormatError: If the bytes are no message.
    """

    def __init__(self, encoded: bytes) -> None:
        self._values: dict[int, list[int | bytes]] = {}
        position = 0
        while position < len(encoded):
            tag, position = read_varint(encoded, position)
            number, wire_type = tag >> 3, tag & 7
            if number == 0:
                raise FormatError(f'a field before byte {position} has the number 0')
            if wire_type == _VARINT:
                value, position = read_varint(encoded, position)
            elif wire_type == _BYTES:
                length, position = read_varint(encoded, position)
                value, position = _take(encoded, position, length)
            elif wire_type in _FIXED_SIZES:
                value, position = _take(encoded, position, _FIXED_SIZES[wire_type])
                value = int.from_bytes(value, 'little')
            else:
                raise FormatError(f'field {number} has the wire type {wire_type}')
            self._values.setdefault(number, []).append(value)

    def unsigned(self, number: int) -> int:
        """The last value of an unsigned, fixed, bool or enum field; absent is 0."""
        return self._all(number, int)[-1] if number in self._values else 0

    def signed(self, number: int) -> int:
        """The last value of an int32 or int64 field; absent is 0."""
        value = self.unsigned(number)
        return value - (1 << 64) if value >> 63 else value

    def is_encoded(self, number: int) -> bool:
        """Whether a field is there and is of bytes, text or messages."""
        return isinstance(self._values.get(number, [0])[-1], bytes)

    def encoded(self, number: int) -> list[bytes]:
        """Every value of a field of bytes, text or messages, as they come."""
        return self._all(number, bytes)

    def _all(self, number: int, kind: type) -> list:
        values = self._values.get(number, [])
        if not all(isinstance(value, kind) for value in values):
            expected = 'a number' if kind is int else 'bytes'
            raise FormatError(f'field {number} is not {expected}, as it should be')
        return values


def read_varint(data: bytes, position: int) -> tuple[int, int]:
    """An unsigned number of up to 64 bits, seven a byte, lowest first.

    Returns:
        The number and the position behind it.

    Raises:
        FormatError: If it does not end, or is longer than 64 bits.
    """
    value = 0
    for shift in range(0, 70, 7):
        if position >= len(data):
            raise FormatError(f'a number is cut short at byte {position}')
        byte = data[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            if value >> 64:
                break
            return value, position
    raise FormatError(f'a number before byte {position} is longer than 64 bits')


def _take(data: bytes, position: int, length: int) -> tuple[bytes, int]:
    end = position + length
    if end > len(data):
        raise FormatError(f'{length} bytes at byte {position} end behind the message')
    return data[position:end], end
