"""Files of garments, written and read."""

import csv
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from fashion_mmpose.errors import FormatError
from fashion_mmpose.files.parquet import require_pyarrow
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
    outputs: OutputFiles,
    folder: str,
    pictures: Iterable[Unreadable],
    name: str = UNREADABLE,
) -> None:
    """Write which pictures could not be read.

    Args:
        outputs: Where the file is opened.
        folder: The folder.
        pictures: Those pictures.
        name: Of the file. Defaults to :data:`UNREADABLE`.
    """
    path = os.path.join(folder, name)
    writer = csv.writer(outputs.open(path), lineterminator='\n')
    writer.writerow(Unreadable._fields)
    writer.writerows(pictures)


@contextmanager
def whole(path: str | os.PathLike) -> Iterator[None]:
    """Name the file that pyarrow cannot read."""
    try:
        yield
    except (require_pyarrow().ArrowInvalid, OSError) as error:
        # What is damaged inside is an OSError, too, without the number of one.
        if getattr(error, 'errno', None) is not None:
            raise
        reason = ' '.join(str(error).split())
        raise FormatError(
            f'{path} cannot be read: {reason}; to fix it: delete it, and run the same '
            'command again'
        ) from error
