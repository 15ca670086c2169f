"""The one door to pyarrow, which only Parquet files need."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from fashion_mmpose.errors import FormatError, extra_needed


def require_pyarrow() -> Any:
    """The module ``pyarrow``, with ``pyarrow.parquet``.

    Raises:
        ImportError: If it is missing or does not load.
    """
    with extra_needed('Parquet files need pyarrow, which does not load', 'parquet'):
        import pyarrow  # pyright: ignore[reportMissingImports]
        import pyarrow.parquet  # pyright: ignore[reportMissingImports]
    return pyarrow


@contextmanager
def damage_named(told: Callable[[str], str]) -> Iterator[None]:
    """Turn what pyarrow says of a damaged file into an error that names it.

    Args:
        told: Gives the message of a reason, which has one line.

    Raises:
        FormatError: If the file is damaged.
    """
    try:
        yield
    except (require_pyarrow().ArrowInvalid, OSError) as error:
        # What is damaged inside is an OSError, too, without the number of one: those
        # of the system name the file themselves.
        if getattr(error, 'errno', None) is not None:
            raise
        raise FormatError(told(' '.join(str(error).split()))) from error
