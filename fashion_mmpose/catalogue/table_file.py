"""Files of garments, written and read."""

import os
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager

from fashion_mmpose.files.csv_file import write_cells
from fashion_mmpose.files.parquet import damage_named, require_pyarrow
from fashion_mmpose.files.writing.outputs import OutputFiles
from fashion_mmpose.garments import GarmentPrediction

from .schema import (
    About,
    Unreadable,
    definitions_of,
    garment_of,
    read_about,
    schema,
)

COMPRESSION = 'zstd'
UNREADABLE = 'unreadable.csv'
UNREADABLE_PARTS = f'_{UNREADABLE}'  # beside parts, see :mod:`.plan`
_ROWS = 1024  # that are in memory at a time


def write_rows(path: str | os.PathLike, rows: Sequence[dict], about: About) -> None:
    """Write a file of garments, complete or not at all.

    Args:
        path: The file; missing folders are made.
        rows: From :func:`.schema.rows_of`.
        about: What the file says about itself.

    Raises:
        ImportError: If pyarrow is missing.
        OSError: If it cannot be written.
    """
    pa = require_pyarrow()
    table = pa.Table.from_pylist(rows, schema=schema(about))
    with OutputFiles() as outputs:
        file = outputs.open_binary(path)
        pa.parquet.write_table(table, file, compression=COMPRESSION)


def about_file(path: str | os.PathLike) -> About:
    """What a file of garments says about itself.

    Raises:
        FormatError: If it is none of this package, or broken.
        ImportError: If pyarrow is missing.
        OSError: If it cannot be opened.
    """
    pa = require_pyarrow()
    with whole(path):
        return read_about(pa.parquet.read_schema(path).metadata, path)


def rows_in(path: str | os.PathLike) -> Iterator[list[dict]]:
    """The rows of a file of garments, some at a time.

    Raises:
        FormatError: If it is broken.
        ImportError: If pyarrow is missing.
        OSError: If it cannot be opened.
    """
    pa = require_pyarrow()
    with whole(path), pa.parquet.ParquetFile(path) as file:
        for batch in file.iter_batches(_ROWS):
            yield batch.to_pylist()


def garments_in(path: str | os.PathLike) -> Iterator[GarmentPrediction]:
    """The garments of a file, as they were predicted.

    Example:
        >>> for garment in garments_in('catalogue/part-00000-of-00012.parquet'):
        ...     print(garment.image, garment.category, garment.score)

    Raises:
        FormatError: If it is none of this package, or broken.
        ImportError: If pyarrow is missing.
        OSError: If it cannot be opened.
    """
    definitions = definitions_of(about_file(path))
    for rows in rows_in(path):
        for row in rows:
            yield garment_of(row, definitions)


def write_unreadable(
    folder: str | os.PathLike,
    pictures: Sequence[Unreadable],
    name: str = UNREADABLE,
    is_asked: bool = False,
) -> None:
    """List which pictures could not be read, if there are any.

    A list that is there is replaced in any case: what it names may be mended.

    Args:
        folder: The folder.
        pictures: Those pictures.
        name: Of the file. Defaults to :data:`UNREADABLE`.
        is_asked: Whether to write a list of none, too. Defaults to False.

    Raises:
        OSError: If it cannot be written.
    """
    path = os.path.join(folder, name)
    if not pictures and not is_asked and not os.path.exists(path):
        return
    with OutputFiles() as outputs:
        write_cells(outputs.open(path), [Unreadable._fields, *pictures])


def whole(path: str | os.PathLike) -> AbstractContextManager[None]:
    """Name the part that pyarrow cannot read."""
    return damage_named(
        lambda reason: (
            f'{path} cannot be read: {reason}; to fix it: delete it, and run the same '
            'command again'
        )
    )
