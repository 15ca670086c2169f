"""Pickles of plain arrays, read without running what they name."""

import io
import os
import pickle
from collections.abc import Callable
from pathlib import Path

import numpy as np

from .errors import FormatError

_PLAIN = (list, tuple, int, float, bool, type(None), np.ndarray, np.generic)


def read_plain_pickle(path: str | os.PathLike):
    """What a pickle of lists, tuples, numbers and numpy arrays of numbers holds.

    A pickle is a program: to load one is to run it. This reader looks up nothing but
    what numpy needs to rebuild arrays of numbers, and refuses everything else.

    Args:
        path: The file.

    Returns:
        Nested lists and tuples of numbers and arrays, None where there is nothing.

    Raises:
        FormatError: If the file is no pickle, is cut off, or holds or names anything
            else; the message says what.
        OSError: If it cannot be opened.
    """
    data = Path(path).read_bytes()
    try:
        content = _Unpickler(io.BytesIO(data)).load()
    except FormatError as error:
        raise FormatError(f'{path}: {error}') from None
    except RecursionError:
        raise FormatError(f'{path}: it is nested too deeply') from None
    except Exception as error:  # a damaged pickle raises nearly anything
        raise FormatError(f'{path} is no pickle, or a damaged one: {error}') from None
    _check(path, content)
    return content


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Callable:
        try:
            return _ALLOWED[module, name]
        except KeyError:
            raise FormatError(
                f'it names {module}.{name}; only lists, tuples, numbers and numpy '
                'arrays are read, because what a pickle names, it may run. Torch '
                'tensors and results of MMDetection: write JSON instead '
                '(CocoMetric(outfile_prefix=...) or tools/detect.py)'
            ) from None

    def persistent_load(self, pid) -> None:
        raise FormatError('it refers to objects outside of the file')


class _ArrayClass:
    """Stands for ``numpy.ndarray``, which nobody shall call."""


def _reconstruct(subtype: type, shape: tuple, kind: bytes) -> np.ndarray:
    """The empty array that numpy's pickles fill; no other class is made."""
    if subtype is not _ArrayClass:
        raise FormatError('it holds an array of an unknown class')
    return np.zeros(0, 'b')


def _from_buffer(
    buffer: bytes, dtype: np.dtype, shape: tuple, order: str
) -> np.ndarray:
    """How protocol 5 writes arrays."""
    return np.frombuffer(buffer, dtype).reshape(shape, order=order)


def _dtype(kind: str, *flags) -> np.dtype:
    """A type of plain numbers; a copy, because the pickle sets its byte order."""
    dtype = np.dtype(kind, False, True)
    if dtype.kind not in 'biuf':
        raise FormatError(f'it holds an array of {dtype}, not of numbers')
    return dtype


def _scalar(dtype: np.dtype, data: bytes) -> np.generic:
    return np.frombuffer(data, dtype, count=1)[0]


def _latin(text: str, encoding: str) -> bytes:
    """How protocols below 3 write bytes."""
    return text.encode('latin1')


def _no_bytes() -> bytes:
    """How they write none."""
    return b''


_ALLOWED = {
    ('_codecs', 'encode'): _latin,
    ('__builtin__', 'bytes'): _no_bytes,
}
for _core in ('numpy.core', 'numpy._core'):
    _ALLOWED[f'{_core}.multiarray', '_reconstruct'] = _reconstruct
    _ALLOWED[f'{_core}.multiarray', 'scalar'] = _scalar
    _ALLOWED[f'{_core}.numeric', '_frombuffer'] = _from_buffer
_ALLOWED['numpy', 'ndarray'] = _ArrayClass
_ALLOWED['numpy', 'dtype'] = _dtype


def _check(path: str | os.PathLike, content) -> None:
    waiting = [content]
    seen = set()
    while waiting:
        value = waiting.pop()
        if not isinstance(value, _PLAIN):
            raise FormatError(
                f'{path}: it holds a {type(value).__name__}; only lists, tuples, '
                'numbers and numpy arrays are read'
            )
        if isinstance(value, np.ndarray) and value.dtype.kind not in 'biuf':
            raise FormatError(f'{path}: it holds an array of {value.dtype}')
        if isinstance(value, (list, tuple)) and id(value) not in seen:
            seen.add(id(value))  # a list may hold itself
            waiting.extend(value)
