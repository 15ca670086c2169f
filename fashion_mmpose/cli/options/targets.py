"""Options that name a thing of known size: a marker, a board or a sheet of paper."""

import argparse
from collections.abc import Sequence

import numpy as np

from fashion_mmpose.measure import Board, Marker, sheet
from fashion_mmpose.measure.scaling.targets import DICTIONARY, Target


def add_targets(scales: argparse._ActionsContainer) -> None:
    """Let one thing of known size be named.

    Args:
        scales: A group of options that exclude each other.
    """
    scales.add_argument(
        '--marker',
        type=float,
        metavar='CM',
        help="ArUco marker, its black square's side",
    )
    scales.add_argument(
        '--board',
        type=float,
        nargs=4,
        metavar=('COLUMNS', 'ROWS', 'SQUARE', 'MARKER'),
        help='ChArUco board: numbers of squares, sides of squares and markers in cm',
    )
    scales.add_argument(
        '--sheet', metavar='NAME', help='sheet of paper: a4, letter, card, 20x30, ...'
    )


def add_dictionary(group: argparse._ActionsContainer) -> None:
    """Let the dictionary of the markers be named."""
    group.add_argument(
        '--dictionary',
        default=DICTIONARY,
        metavar='NAME',
        help=f"OpenCV's dictionary of the markers ({DICTIONARY})",
    )


def target_of(args: argparse.Namespace) -> Target | None:
    """The thing that the options name; None for none.

    Args:
        args: Options of :func:`add_targets` and :func:`add_dictionary`.

    Raises:
        FormatError: If a dictionary or a sheet is unknown.
        ValueError: If a number is out of its range.
    """
    if args.marker is not None:
        check_positive('--marker', args.marker)
        return Marker(args.marker, args.dictionary)
    if args.board is not None:
        return board_of(args.board, args.dictionary)
    if args.dictionary != DICTIONARY:
        raise ValueError('--dictionary is of a --marker or a --board')
    return None if args.sheet is None else sheet(args.sheet)


def board_of(numbers: Sequence[float], dictionary: str) -> Board:
    """The board of the option ``--board``.

    Args:
        numbers: Columns, rows, side of a square and of a marker in centimetres.
        dictionary: Of the markers.

    Raises:
        ValueError: If a number is out of its range, or the dictionary has fewer markers
            than the board.
    """
    if not np.isfinite(numbers).all():
        raise ValueError(f'--board: {" ".join(map(str, numbers))} are no lengths')
    columns, rows, square, marker = numbers
    if columns != int(columns) or rows != int(rows):
        raise ValueError(
            f'--board: {columns:g} x {rows:g} squares; both must be whole numbers'
        )
    board = Board(int(columns), int(rows), square, marker, dictionary)
    board.check()
    return board


def check_positive(option: str, value: float) -> None:
    """Make sure that a length is one.

    Raises:
        ValueError: If it is not.
    """
    if not 0 < value < np.inf:
        raise ValueError(f'{option}: {value:g} cm is not positive')
