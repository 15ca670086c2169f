"""What CSV files of spreadsheets differ in, and how they are written."""

import csv
from collections.abc import Iterable
from typing import Any, TextIO


def delimiter_of(head: str) -> str:
    """What separates the cells: spreadsheets of many countries take semicolons.

    Args:
        head: The first line of the file.
    """
    return ';' if head.count(';') > head.count(',') else ','


def write_cells(file: TextIO, rows: Iterable[Iterable[Any]]) -> None:
    """Write rows of cells, in lines that end with a line feed.

    Args:
        file: A text file whose lines end as they are written (``newline=''``).
        rows: The cells of each, the columns' names first.
    """
    csv.writer(_LineFeeds(file)).writerows(rows)


class _LineFeeds:
    """Ends the rows of a writer whose lines end with both signs.

    A writer with ``lineterminator='\\n'`` does not quote carriage returns, at which
    readers end a row.
    """

    def __init__(self, file: TextIO) -> None:
        self._file = file

    def write(self, row: str) -> int:
        return self._file.write(row.removesuffix('\r\n') + '\n')
