"""Pickles of plain arrays, read without running what they name."""

import math
import os
import pickletools
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from fashion_mmpose.errors import FormatError

_PLAIN = (int, float, bool, type(None), np.ndarray, np.generic)
_MARK = object()
_KINDS = re.compile(r'[biuf]\d{1,2}')
_MOST_AXES = 32
_MOST_DEEP = 32  # lists in lists; boxes need four
_LARGEST = 2**63  # of a number that numpy and JSON take
_SLACK = 2**16  # a short file may name its few values more often than it is long
_REPEATS = 64  # as often as all values of a file may be named by it, on the average
_ONLY = 'only lists, tuples, numbers and numpy arrays are read'

# What they push is in the file itself, and pickletools has decoded it.
_LITERALS = frozenset(
    'INT BININT BININT1 BININT2 LONG LONG1 LONG4 FLOAT BINFLOAT STRING BINSTRING '
    'SHORT_BINSTRING UNICODE BINUNICODE SHORT_BINUNICODE BINUNICODE8 BINBYTES '
    'SHORT_BINBYTES BINBYTES8 BYTEARRAY8'.split()
)
_REFUSED = dict.fromkeys(('EMPTY_DICT', 'DICT'), 'a dict')
_REFUSED |= dict.fromkeys(('EMPTY_SET', 'ADDITEMS', 'FROZENSET'), 'a set')
_REFUSED |= dict.fromkeys(('NEWOBJ', 'NEWOBJ_EX', 'OBJ', 'INST'), 'an object')
_REFUSED |= dict.fromkeys(
    ('PERSID', 'BINPERSID', 'NEXT_BUFFER', 'READONLY_BUFFER', 'EXT1', 'EXT2', 'EXT4'),
    'a reference to something outside of the file',
)


def read_plain_pickle(path: str | os.PathLike) -> Any:
    """What a pickle of lists, tuples, numbers and numpy arrays of numbers holds.

    A pickle is a program: to load one is to run it, and even Python's own reader with
    its look-ups restricted lets a file choose how much memory is taken, and lets it
    give numpy's types flags and fields that they must not have. So the program is
    carried out here: the few steps that build lists, tuples and numbers, and four
    names, which stand for arrays and are never looked up. All else is refused. What
    is built has no more bytes than the file, and names its parts no more often than
    a file of that size may.

    Args:
        path: The file, of any protocol.

    Returns:
        Nested lists and tuples of numbers and arrays, None where there is nothing.
        Arrays cannot be written to.

    Raises:
        FormatError: If the file is no pickle, is cut off, or holds or names anything
            else; the message says what.
        OSError: If it cannot be opened.
    """
    data = Path(path).read_bytes()
    try:
        content = _run(data, _Budget(len(data)))
        _check(content, len(data))
    except FormatError as error:
        raise FormatError(f'{path}: {error}') from None
    # Steps that find nothing, too little or another type to work on.
    except (
        ArithmeticError,
        AttributeError,
        LookupError,
        TypeError,
        ValueError,
    ) as error:
        raise FormatError(f'{path} is no pickle, or a damaged one: {error}') from None
    return content


# ------------------------------------------------------------- what stands for arrays


@dataclass(frozen=True)
class _Name:
    """Something that the file names: never looked up."""

    text: str


@dataclass
class _Dtype:
    """A type of numbers as the file describes it."""

    kind: str
    order: str = '='

    def set_state(self, state: tuple) -> None:
        order, *parts = state[1:5]
        if order not in ('<', '>', '|', '=') or parts != [None] * 3 or any(state[7:]):
            raise FormatError(f'it holds an array of {self.kind} with parts or flags')
        self.order = order

    def made(self) -> np.dtype:
        return np.dtype(self.kind).newbyteorder(self.order)


@dataclass
class _Array:
    """An array that is being described."""

    made: np.ndarray | None = None

    def set_state(self, state: tuple) -> None:
        _, shape, dtype, is_fortran, data = state
        self.made = _array(data, dtype, shape, 'F' if is_fortran else 'C')


def _array(
    data: bytes | bytearray | str, dtype: _Dtype, shape: tuple, order: str
) -> np.ndarray:
    # bytes(n) of a number would be as many zeros.
    if not isinstance(data, (bytes, bytearray, str)) or not isinstance(dtype, _Dtype):
        raise FormatError('it holds an array of no bytes, or of no type')
    data = data.encode('latin1') if isinstance(data, str) else bytes(data)
    dtype = dtype.made()
    if (
        not isinstance(shape, tuple)
        or len(shape) > _MOST_AXES
        or any(type(n) is not int or not 0 <= n < _LARGEST for n in shape)
    ):
        raise FormatError('it holds an array whose shape is none')
    if math.prod(shape) * dtype.itemsize != len(data):
        raise FormatError(
            f'it holds {len(data)} bytes for an array of shape {shape} and {dtype}'
        )
    if not data:
        return np.zeros(shape, dtype)  # numpy makes no empty array of a buffer
    return np.frombuffer(data, dtype).reshape(shape, order=order)


def _reconstruct(subtype: _Name, shape: tuple, kind: bytes) -> _Array:
    if not isinstance(subtype, _Name) or subtype.text != 'numpy.ndarray':
        raise FormatError('it holds an array of an unknown class')
    return _Array()


def _dtype(kind: str, *flags: bool) -> _Dtype:
    if not _KINDS.fullmatch(kind):
        raise FormatError(f'it holds an array of {kind[:20]}, not of numbers')
    np.dtype(kind)  # there is no f3
    return _Dtype(kind)


def _scalar(dtype: _Dtype, data: bytes | str) -> np.generic:
    return _array(data, dtype, (), 'C')[()]


def _encode(text: str, encoding: str) -> bytes:
    """How protocols below 3 write bytes."""
    return text.encode('latin1')


def _bytes() -> bytes:
    """How they write none."""
    return b''


_CALLS: dict[_Name, Callable] = {
    _Name('numpy.dtype'): _dtype,
    _Name('_codecs.encode'): _encode,
    _Name('__builtin__.bytes'): _bytes,
}
for _core in ('numpy.core', 'numpy._core'):
    _CALLS[_Name(f'{_core}.multiarray._reconstruct')] = _reconstruct
    _CALLS[_Name(f'{_core}.multiarray.scalar')] = _scalar
    _CALLS[_Name(f'{_core}.numeric._frombuffer')] = _array  # protocol 5
_NAMES = {*_CALLS, _Name('numpy.ndarray')}


# ----------------------------------------------------------------------- the program


@dataclass
class _Budget:
    """Bytes that may still be made: each is in the file, once."""

    left: int

    def spend(self, value: Any) -> None:
        """Note what a call has made.

        Raises:
            FormatError: If that is more than the file holds.
        """
        if isinstance(value, _Array):
            value = value.made
        if isinstance(value, (bytes, np.ndarray, np.generic)):
            self.left -= len(value) if isinstance(value, bytes) else value.nbytes
        if self.left < 0:
            raise FormatError('it makes more bytes than it holds')


def _run(data: bytes, budget: _Budget) -> Any:
    # A text becomes bytes, and these an array.
    texts, arrays = budget, _Budget(budget.left)
    stack: list = []
    memo: dict[int, Any] = {}
    for opcode, argument, _ in pickletools.genops(data):
        name = opcode.name
        if name in _LITERALS:
            stack.append(argument)
        elif name in ('BINGET', 'GET', 'LONG_BINGET'):
            stack.append(_built(memo[argument]))
        elif name in ('BINPUT', 'PUT', 'LONG_BINPUT'):
            memo[argument] = stack[-1]
        elif name == 'MEMOIZE':
            memo[len(memo)] = stack[-1]
        elif name in _STEPS:
            _STEPS[name](stack)
            if name in ('REDUCE', 'BUILD'):
                made = stack[-1]
                (texts if isinstance(made, bytes) else arrays).spend(made)
        elif name == 'GLOBAL':
            stack.append(_named(*argument.split(' ', 1)))
        elif name in _REFUSED:
            raise FormatError(f'it holds {_REFUSED[name]}; {_ONLY}')
        elif name not in ('PROTO', 'FRAME', 'STOP'):
            raise FormatError(f'it holds a step {name}, which arrays do not need')
    (content,) = stack
    return content


def _built(value: Any) -> Any:
    """The array, once it has been described: the file refers to it from then on."""
    is_made = isinstance(value, _Array) and value.made is not None
    return value.made if is_made else value


def _named(module: str, name: str) -> _Name:
    found = _Name(f'{module}.{name}')
    if found not in _NAMES:
        shown = ascii(found.text[:80])[1:-1]
        raise FormatError(
            f'it names {shown}; {_ONLY}, because what a pickle names, it may run. '
            'Torch tensors and results of MMDetection: write JSON instead '
            '(CocoMetric(outfile_prefix=...) or tools/detect.py)'
        )
    return found


def _since_mark(stack: list) -> list:
    """Take what lies above the last mark, and the mark."""
    place = len(stack) - 1
    while stack[place] is not _MARK:
        place -= 1
        if place < 0:
            raise ValueError('there is no mark')
    values = stack[place + 1 :]
    del stack[place:]
    return values


def _take(stack: list, count: int) -> tuple:
    if len(stack) < count:
        raise ValueError('there is too little on the stack')
    values = tuple(stack[-count:])
    del stack[-count:]
    return values


def _extend(stack: list, values: list | tuple) -> None:
    if type(stack[-1]) is not list:
        raise FormatError(f'it appends to a {type(stack[-1]).__name__}')
    stack[-1].extend(values)


def _reduce(stack: list) -> None:
    function, arguments = _take(stack, 2)
    # Only names are hashed: a nested tuple may take forever, or all of the C stack.
    if not isinstance(function, _Name) or function not in _CALLS:
        called = getattr(function, 'text', type(function).__name__)
        raise FormatError(f'it calls {called}; {_ONLY}')
    stack.append(_CALLS[function](*arguments))


def _build(stack: list) -> None:
    described, state = _take(stack, 2)
    if not isinstance(described, (_Array, _Dtype)) or not isinstance(state, tuple):
        raise FormatError(f'it sets the state of a {type(described).__name__}')
    described.set_state(state)
    stack.append(_built(described))


def _stack_global(stack: list) -> None:
    stack.append(_named(*_take(stack, 2)))


_STEPS: dict[str, Callable[[list], Any]] = {
    'MARK': lambda stack: stack.append(_MARK),
    'POP': lambda stack: stack.pop(),
    'POP_MARK': _since_mark,
    'NONE': lambda stack: stack.append(None),
    'NEWTRUE': lambda stack: stack.append(True),
    'NEWFALSE': lambda stack: stack.append(False),
    'EMPTY_LIST': lambda stack: stack.append([]),
    'LIST': lambda stack: stack.append(_since_mark(stack)),
    'APPEND': lambda stack: _extend(stack, _take(stack, 1)),
    'APPENDS': lambda stack: _extend(stack, _since_mark(stack)),
    'EMPTY_TUPLE': lambda stack: stack.append(()),
    'TUPLE': lambda stack: stack.append(tuple(_since_mark(stack))),
    'TUPLE1': lambda stack: stack.append(_take(stack, 1)),
    'TUPLE2': lambda stack: stack.append(_take(stack, 2)),
    'TUPLE3': lambda stack: stack.append(_take(stack, 3)),
    'REDUCE': _reduce,
    'BUILD': _build,
    'STACK_GLOBAL': _stack_global,
}


def _check(content: Any, size: int) -> None:
    """Refuse what only arrays may be made of, and what would never end.

    Lists that hold others several times are short in a file and endless for whoever
    goes through them. So their parts are counted as often as they are named.

    Args:
        content: What the file holds.
        size: Bytes of the file.
    """
    counted = _count(content, 0, {})
    if counted > _REPEATS * size + _SLACK:
        raise FormatError(
            f'it names its values again and again: {size} bytes hold {counted} of them'
        )


def _count(value: Any, depth: int, known: dict[int, int]) -> int:
    """Values that one has, itself and the numbers of arrays among them."""
    if not isinstance(value, (list, tuple)):
        if not isinstance(value, _PLAIN):
            raise FormatError(f'it holds a {type(value).__name__.strip("_")}; {_ONLY}')
        if type(value) is int and not -_LARGEST <= value < _LARGEST:
            raise FormatError('it holds a whole number of more than 64 bits')
        return value.size if isinstance(value, np.ndarray) else 1
    if depth == _MOST_DEEP:
        raise FormatError(f'it holds lists in lists, more than {_MOST_DEEP} deep')
    # Deeper down it was counted as less deep; only lists in themselves are endless.
    if id(value) not in known:
        known[id(value)] = 0
        parts = sum(_count(part, depth + 1, known) for part in value)
        known[id(value)] = 1 + parts
    elif known[id(value)] == 0:
        raise FormatError('it holds a list that holds itself')
    return known[id(value)]
