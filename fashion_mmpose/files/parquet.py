"""The one door to pyarrow, which only Parquet files need."""

from typing import Any

from fashion_mmpose.errors import extra_needed


def require_pyarrow() -> Any:
    """The module ``pyarrow``, with ``pyarrow.parquet``.

    Raises:
        ImportError: If it is missing or does not load.
    """
    with extra_needed('Parquet files need pyarrow, which does not load', 'parquet'):
        import pyarrow  # pyright: ignore[reportMissingImports]
        import pyarrow.parquet  # pyright: ignore[reportMissingImports]
    return pyarrow
