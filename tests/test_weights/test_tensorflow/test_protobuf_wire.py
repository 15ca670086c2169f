"""Fields of encoded messages."""

import pytest

from fashion_mmpose.errors import FormatError
from fashion_mmpose.weights.tensorflow.protobuf_wire import Message, read_varint


@pytest.mark.parametrize(
    'data, expected',
    [
        pytest.param(b'\0', 0, id='zero'),
        pytest.param(b'\x7f', 127, id='one byte'),
        pytest.param(b'\x96\x01', 150, id='two bytes'),
        pytest.param(b'\xff' * 9 + b'\1', 2**64 - 1, id='longest'),
    ],
)
def test_varint(data, expected):
    assert read_varint(b'..' + data + b'..', 2) == (expected, 2 + len(data))


@pytest.mark.parametrize(
    'data, message',
    [
        pytest.param(b'', 'cut short at byte 0', id='nothing'),
        pytest.param(b'\x96', 'cut short at byte 1', id='cut'),
        pytest.param(b'\xff' * 9 + b'\2', 'longer than 64 bits', id='65 bits'),
        pytest.param(b'\x80' * 11, 'longer than 64 bits', id='endless'),
    ],
)
def test_damaged_varint(data, message):
    with pytest.raises(FormatError, match=message):
        read_varint(data, 0)


def test_fields():
    message = Message(
        b'\x08\x96\x01'  # 1: 150
        b'\x12\x02ab\x12\x01c'  # 2: 'ab' and 'c'
        b'\x18' + b'\xff' * 9 + b'\x01'  # 3: -1
        b'\x25\x01\x02\0\0'  # 4: fixed32 513
        b'\x29\x03\0\0\0\0\0\0\0'  # 5: fixed64 3
        b'\x08\x05'  # 1 again: 5, which counts
    )
    assert message.unsigned(1) == message.signed(1) == 5
    assert message.encoded(2) == [b'ab', b'c']
    assert message.signed(3) == -1
    assert message.unsigned(3) == 2**64 - 1
    assert message.unsigned(4) == 513
    assert message.unsigned(5) == 3
    assert message.signed(6) == 0
    assert message.encoded(6) == []
    assert [message.is_encoded(number) for number in (1, 2, 6)] == [False, True, False]


@pytest.mark.parametrize(
    'data, message',
    [
        pytest.param(b'\x08', 'cut short at byte 1', id='no value'),
        pytest.param(b'\x12\x03ab', '3 bytes at byte 2 end behind', id='text'),
        pytest.param(b'\x25\x01\x02', '4 bytes at byte 1 end behind', id='fixed32'),
        pytest.param(b'\x00\x00', 'number 0', id='number'),
        pytest.param(b'\x0b\x0c', 'field 1 has the wire type 3', id='group'),
        pytest.param(b'\x12\xff\xff\xff\xff\x7f', '34359738367 bytes', id='huge'),
    ],
)
def test_damaged_message(data, message):
    with pytest.raises(FormatError, match=message):
        Message(data)


def test_other_kind_than_asked_for():
    message = Message(b'\x08\x05\x12\x01c')
    with pytest.raises(FormatError, match='field 1 is not bytes'):
        message.encoded(1)
    with pytest.raises(FormatError, match='field 2 is not a number'):
        message.signed(2)
