"""What tells the content of a file."""

import hashlib
import os

DIGITS = 16


def file_digest(path: str | os.PathLike) -> str:
    """Sixteen hexadecimal digits, which differ where contents do.

    Raises:
        OSError: If the file cannot be read.
    """
    with open(path, 'rb') as file:
        return hashlib.file_digest(file, 'sha256').hexdigest()[:DIGITS]
