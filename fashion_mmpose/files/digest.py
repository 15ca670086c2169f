"""What tells the content of a file."""

import hashlib
import os
from collections.abc import Sequence

DIGITS = 16
_FIRST = 32


def file_digest(path: str | os.PathLike) -> str:
    """Sixteen hexadecimal digits, which differ where contents do.

    Raises:
        OSError: If the file cannot be read.
    """
    with open(path, 'rb') as file:
        return hashlib.file_digest(file, 'sha256').hexdigest()[:DIGITS]


def is_looked_at(number: int) -> bool:
    """Whether the size of a picture of many tells if they are the same ones.

    Those of the first pictures do, and of those whose numbers are powers of two.

    Args:
        number: From 0.
    """
    return number < _FIRST or number & (number - 1) == 0


def size_of(path: str | os.PathLike) -> int:
    """How many bytes a file has; -1 where there is none."""
    try:
        return os.path.getsize(path)
    except OSError:
        return -1


def are_others(before: Sequence[int], now: Sequence[int]) -> bool:
    """Whether pictures are others than before; one or the other may have been mended.

    Args:
        before: The sizes of those that :func:`is_looked_at`.
        now: The same, later.
    """
    return 2 * sum(old != new for old, new in zip(before, now)) > len(now)
