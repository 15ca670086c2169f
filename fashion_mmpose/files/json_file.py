"""JSON files: large ones are decoded where they lie, and written entry by entry."""

import json
import mmap
import os
import re
import stat
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, Generic, TextIO, TypeVar

import msgspec

from fashion_mmpose.errors import FormatError

BOM = b'\xef\xbb\xbf'  # the byte order mark that some editors of Windows write
_OTHER_ENCODINGS = {b'\xff\xfe': 'UTF-16', b'\xfe\xff': 'UTF-16'}

# What stands for half a letter; Python's reader takes it, and no file can hold it.
_SURROGATE = re.compile(rb'\\u[dD][89a-fA-F]')

# Where msgspec has found a fault, and what may stand there for a number.
_PLACE = re.compile(r'\(byte (\d+)\)')
_NOT_FINITE = re.compile(rb'NaN|Infinity')

# Encoding some thousand entries at once is as fast as all, and needs no memory.
_CHUNK = 4096

T = TypeVar('T')


class JsonDecoder(Generic[T]):
    """Decodes JSON into values of a type, and has one error for what is none.

    Args:
        kind: The type, as msgspec takes it.
    """

    def __init__(self, kind: type[T]) -> None:
        self._decode = msgspec.json.Decoder(kind).decode

    def decode(self, data: bytes | memoryview | msgspec.Raw) -> T:
        """The value that JSON describes.

        Raises:
            msgspec.ValidationError: If it is of another type.
            msgspec.DecodeError: If it is not valid JSON.
        """
        try:
            return self._decode(data)
        except RecursionError:
            raise msgspec.DecodeError('it is nested too deeply') from None
        except (UnicodeDecodeError, msgspec.DecodeError) as error:
            # msgspec before 0.23 raises Python's error; later ones name no byte.
            why = _foreign_byte(data) if 'utf-8' in str(error).lower() else ''
            if not why:
                raise
            raise msgspec.DecodeError(why) from None


def decode(data: bytes | memoryview | msgspec.Raw, kind: type[T]) -> T:
    """One value; see :meth:`JsonDecoder.decode`."""
    return JsonDecoder(kind).decode(data)


@contextmanager
def map_file(path: str | os.PathLike, kind: str) -> Iterator[memoryview]:
    """A file's bytes, mapped: the system reads them as they are needed, but of pipes.

    A gigabyte of text is then no gigabyte of the process's own memory, and processes
    that read one file at a time share it. A byte order mark of UTF-8 is passed over.

    Args:
        path: The file.
        kind: What it is, for the error.

    Yields:
        The bytes; values decoded as :class:`msgspec.Raw` may outlive the block.

    Raises:
        FileNotFoundError: If there is no such file.
        FormatError: If what is done with the bytes finds that they are no JSON.
    """
    if not os.path.exists(path):
        raise FileNotFoundError(f'{kind} {path} does not exist')
    with open(path, 'rb') as file:
        status = os.fstat(file.fileno())
        # Neither a pipe nor nothing can be mapped.
        if stat.S_ISREG(status.st_mode) and status.st_size:
            data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        else:
            data = file.read()
    start = len(BOM) if data[: len(BOM)] == BOM else 0
    try:
        yield memoryview(data)[start:]
    except msgspec.ValidationError:
        raise
    except msgspec.DecodeError as error:
        why = _encoding_fault(data) or _number_fault(data, start, error) or str(error)
        raise FormatError(f'{kind} {path} is not valid JSON: {why}') from None


def read_json(path: str | os.PathLike) -> Any:
    """The content of a JSON file, with or without a byte order mark.

    Raises:
        FormatError: If it is not valid JSON.
        OSError: If it cannot be opened.
    """
    data = Path(path).read_bytes()
    try:
        content = json.loads(data.removeprefix(BOM).decode('utf-8'))
        if _SURROGATE.search(data):
            json.dumps(content, ensure_ascii=False).encode('utf-8')
        return content
    except (ValueError, RecursionError) as error:  # of the encoding, or of JSON
        why = _encoding_fault(data) or error
        raise FormatError(f'{path} is not valid JSON: {why}') from None


def _foreign_byte(data: bytes | memoryview | msgspec.Raw) -> str:
    """What is to be said of a byte that is none of UTF-8, if there is one."""
    try:
        str(data, 'utf-8')
    except UnicodeDecodeError as error:
        byte = error.object[error.start]
        return f'a text has the byte {byte:#04x}, which is not UTF-8'
    return ''


def _encoding_fault(data: mmap.mmap | bytes) -> str:
    """What is to be said of a file in another encoding than UTF-8, if that shows."""
    encoding = _OTHER_ENCODINGS.get(data[:2])
    return f'it is in {encoding}; to fix it: save it as UTF-8' if encoding else ''


def _number_fault(
    data: mmap.mmap | bytes, start: int, error: msgspec.DecodeError
) -> str:
    """What is to be said of a number that Python's writer puts into JSON all the same.

    Args:
        data: The file.
        start: Where its content begins.
        error: The decoder's, with a place in the content.
    """
    place = _PLACE.search(str(error))
    if place is None:
        return ''
    found = _NOT_FINITE.match(data, start + int(place[1]))
    if found is None:
        return ''
    return (
        f'it holds {found[0].decode()}, which is no number of JSON (byte {place[1]}); '
        'to fix it: write finite numbers'
    )


def encode_indented(value: Any) -> bytes:
    """The JSON of a small file that people read, too: indented, with a line's end."""
    return msgspec.json.format(msgspec.json.encode(value)) + b'\n'


def encode(value: Any) -> str:
    """A value as compact JSON, on one line.

    Raises:
        ValueError: If a number in it is not finite.
    """
    return json.dumps(value, separators=(',', ':'), allow_nan=False)


def encode_whole_numbers(value: Any) -> str:
    """As :func:`encode`, several times as fast, of texts and whole numbers.

    Args:
        value: Lists and dictionaries of texts, whole numbers and nothing else:
            fractions would be written in another form, and nothing would be refused.
    """
    data = msgspec.json.encode(value)
    # The other letters are escaped.
    return data.decode('ascii') if data.isascii() else encode(value)


class JsonList:
    """Writes a list piece by piece, so that its entries can be made on the way.

    The brackets are written by the constructor and by :meth:`close`; what stands around
    the list is the caller's.

    Args:
        file: Open text file.
        lines: Whether every entry has a line of its own. Defaults to False.
        encoder: Makes JSON of entries. Defaults to :func:`encode`.

    Attributes:
        count: How many entries it has.

    Example:
        >>> entries = JsonList(file)
        >>> entries.extend(predictions)
        >>> entries.close()
    """

    def __init__(
        self,
        file: TextIO,
        lines: bool = False,
        encoder: Callable[[Any], str] = encode,
    ) -> None:
        self.count = 0
        self._file = file
        self._encode = encoder
        self._line_end = '\n' if lines else ''
        self._separator = self._line_end
        self._file.write('[')

    def add(self, text: str) -> None:
        """Write an entry that is JSON already."""
        self._write(text, 1)

    def extend(self, entries: Iterable[Any]) -> None:
        """Write entries.

        Raises:
            ValueError: If a number in one is not finite.
        """
        entries = iter(entries)
        while chunk := list(islice(entries, _CHUNK)):
            if self._line_end:
                text = f',{self._line_end}'.join(map(self._encode, chunk))
            else:
                text = self._encode(chunk)[1:-1]
            self._write(text, len(chunk))

    def close(self) -> None:
        """End the list, but not the file."""
        self._file.write(f'{self._line_end}]')

    def _write(self, text: str, count: int) -> None:
        self._file.write(f'{self._separator}{text}')
        self._separator = f',{self._line_end}'
        self.count += count
