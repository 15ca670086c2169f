"""The checksum CRC-32C (Castagnoli), fast in numpy alone.

Check values: https://www.rfc-editor.org/rfc/rfc3720#appendix-B.4
"""

import functools

import numpy as np

_POLYNOMIAL = 0x82F63B78  # lowest bit = highest power
# 32-bit words of one step; two look-up tables and such a row fit a core's cache.
_MAX_LANES = 1 << 16
_MASK_DELTA = 0xA282EAD8


def crc32c(data: bytes | bytearray | memoryview | np.ndarray) -> int:
    """The CRC-32C of some bytes.

    The register is linear over GF(2): what a word contributes to the result is the
    word itself, moved past the bytes that follow it. So the data are laid out in rows
    of many words; each row is moved past the next as a whole and added to it (XOR),
    and the last row is folded in halves to one word.

    Args:
        data: Bytes, or a contiguous array of uint8.
    """
    octets = np.frombuffer(data, np.uint8)
    words = max(1, len(octets) // 4)
    lanes = min(_MAX_LANES, 1 << (words.bit_length() - 1))
    first = len(octets) % (4 * lanes)
    # Zeros in front change nothing while the register is 0, and the word before the
    # data brings it to its initial value; so every length fills whole rows.
    head = np.zeros(8 * lanes, np.uint8)
    head[8 * lanes - first :] = octets[:first]
    start = 8 * lanes - first - 4
    head[start : start + 4] = np.frombuffer(_initial_word().to_bytes(4, 'little'), 'u1')
    row, second = head.view('<u4').reshape(2, lanes)
    row = _past_zeros(row, 4 * lanes) ^ second
    for following in octets[first:].view('<u4').reshape(-1, lanes):
        row = _past_zeros(row, 4 * lanes)
        row ^= following
    while len(row) > 1:
        half = len(row) // 2
        row = _past_zeros(row[:half], 4 * half) ^ row[half:]
    return int(_past_zeros(row, 4)[0]) ^ 0xFFFFFFFF


def unmask(masked: int) -> int:
    """The checksum that LevelDB and TensorFlow store turned and shifted.

    https://github.com/google/leveldb/blob/main/util/crc32c.h
    """
    turned = (masked - _MASK_DELTA) & 0xFFFFFFFF
    return (turned >> 17 | turned << 15) & 0xFFFFFFFF


def _past_zeros(registers: np.ndarray, num_bytes: int) -> np.ndarray:
    """Registers after so many zero bytes, a power of two; uint32 of any length."""
    low, high = _tables(num_bytes)
    halves = registers.view('<u2')
    return low.take(halves[0::2]) ^ high.take(halves[1::2])


@functools.cache
def _tables(num_bytes: int) -> tuple[np.ndarray, np.ndarray]:
    """What the zero bytes make of every lower and every upper half of a register."""
    columns = _columns(num_bytes)
    tables = np.zeros((2, 1 << 16), np.uint32)
    for table, images in zip(tables, columns.reshape(2, 16)):
        for bit, image in enumerate(images):
            table[1 << bit : 2 << bit] = table[: 1 << bit] ^ image
    return tuple(tables)


@functools.cache
def _columns(num_bytes: int) -> np.ndarray:
    """What the zero bytes make of a register with one bit set, for each bit, (32, )."""
    if num_bytes > 1:
        return _past_zeros(_columns(num_bytes // 2), num_bytes // 2)
    registers = np.uint32(1) << np.arange(32, dtype=np.uint32)
    for _ in range(8):
        carry = np.where(registers & 1, np.uint32(_POLYNOMIAL), np.uint32(0))
        registers = registers >> 1 ^ carry
    return registers


@functools.cache
def _initial_word() -> int:
    """The word that brings an empty register to its initial value, all ones."""
    register = 0xFFFFFFFF
    for _ in range(32):
        # The polynomial's top bit tells whether it was added in the step.
        if register >> 31:
            register = (register ^ _POLYNOMIAL) << 1 | 1
        else:
            register <<= 1
    return register
