"""Large JSON files, decoded from where they lie."""

import mmap
import os
from collections.abc import Iterator
from contextlib import contextmanager

import msgspec

from fashion_mmpose.errors import FormatError


@contextmanager
def map_file(path: str | os.PathLike, kind: str) -> Iterator[mmap.mmap | bytes]:
    """A file's bytes, mapped: the system reads them as they are needed.

    A gigabyte of text is then no gigabyte of the process's own memory, and processes
    that read one file at a time share it.

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
        # Nothing cannot be mapped.
        empty = os.fstat(file.fileno()).st_size == 0
        data = b'' if empty else mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    try:
        yield data
    except msgspec.ValidationError:
        raise
    except msgspec.DecodeError as error:
        raise FormatError(f'{kind} {path} is not valid JSON: {error}') from None
