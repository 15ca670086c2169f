"""Estimate the lens of a camera from pictures of a ChArUco board.

Usage:
    fashion-mmpose lens PICTURE... --out camera.json
        [--board COLUMNS ROWS SQUARE MARKER] [--dictionary NAME]
    fashion-mmpose lens --print board.png [--board COLUMNS ROWS SQUARE MARKER]
        [--dictionary NAME]

--print draws the board, to be printed at its size and glued onto something flat. Ten to
twenty pictures of it by one camera at one zoom, held alike, tell the lens: the board
slanted to different sides, now here and now there, into the corners of the picture. A
PICTURE is a file, a folder or a pattern. camera.json is what `measure --lens` takes; it
holds the camera's matrix, the distortion (k1, k2, p1, p2, k3, as many as the pictures
tell) and the size of the pictures. What is printed says how sure that is. Pictures of
the same shape are measured with it in any size, since a phone may make them smaller.
"""

import argparse

from PIL import Image
from tqdm import tqdm

from fashion_mmpose.files.pictures.pixels import read_picture
from fashion_mmpose.files.writing.outputs import OutputFiles
from fashion_mmpose.inference.outputs.names import name_sources
from fashion_mmpose.measure.scaling.lens import LensEstimate, estimate_lens, write_lens
from fashion_mmpose.measure.scaling.targets import Board
from fashion_mmpose.media.sources import find_sources

from .options.targets import add_dictionary, board_of
from .shell import argument_parser, parse, run, warn

_DPI = 300
_MOST_PIXELS = 20_000**2  # 1.7 m a side
_CM = 2.54  # of an inch
_LEAST_COVERED = 0.7
_MOST_FOCAL_ERROR = 0.01


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = argument_parser(__doc__)
    parser.add_argument(
        'inputs', nargs='*', metavar='PICTURE', help='pictures, folders or patterns'
    )
    parser.add_argument('--out', metavar='JSON', help='file to write the lens to')
    parser.add_argument(
        '--print', metavar='PNG', help='file to draw the board into, to be printed'
    )
    parser.add_argument(
        '--board',
        type=float,
        nargs=4,
        default=[7, 5, 4, 3],
        metavar=('COLUMNS', 'ROWS', 'SQUARE', 'MARKER'),
        help='numbers of squares, sides of squares and markers in cm (7 5 4 3)',
    )
    add_dictionary(parser)
    args = parse(parser, argv)
    if args.print is None and (args.out is None or not args.inputs):
        parser.error('give pictures of the board and --out, or --print')
    if args.print is not None and (args.out is not None or args.inputs):
        parser.error('--print draws the board; it takes neither pictures nor --out')
    return args


def execute(args: argparse.Namespace) -> None:
    """Draw the board, or estimate and write the lens."""
    board = board_of(args.board, args.dictionary)
    if args.print is not None:
        print_board(args.print, board)
        return
    if not args.out.lower().endswith('.json'):
        raise ValueError(f'--out {args.out}: the lens is written as a .json')
    left_aside: list[str] = []
    sources = name_sources(find_sources(args.inputs, left_aside))
    others = [name for name, source in sources.items() if not source.is_single]
    if others:
        raise ValueError(f'{others[0]} is no picture; to fix it: give pictures')
    bar = tqdm(sources.items(), 'look', unit='picture', disable=None)
    pictures = ((name, read_picture(str(source.image))) for name, source in bar)
    found = estimate_lens(pictures, board)
    told = dict(
        error_px=round(found.error_px, 4),
        focal_error=round(found.focal_error, 6),
        covered=round(found.covered, 4),
        pictures=len(found.used),
    )
    focal = found.lens.matrix[0, 0]
    write_lens(args.out, found.lens, told)
    warn([f'not used: {reason}' for reason in left_aside])
    warn([f'left out: {name}: {why}' for name, why in found.left_out.items()])
    warn(doubts(found))
    print(
        f'{len(found.used)} pictures of {len(sources)}: corners are off by '
        f'{found.error_px:.2f} px, the focal length is {focal:.1f} px '
        f'-+ {100 * found.focal_error:.2f} %, and {100 * found.covered:.0f} % of the '
        f'picture was looked at; written to {args.out}'
    )


def doubts(found: LensEstimate) -> list[str]:
    """Why a lens may be worse than it seems, in lines."""
    lines = []
    if found.covered < _LEAST_COVERED:
        lines.append(
            f'only {100 * found.covered:.0f} % of the picture was looked at, and the '
            'lens is guessed elsewhere; to fix it: take more pictures with the board '
            'at the edges and in the corners'
        )
    if not found.focal_error <= _MOST_FOCAL_ERROR:
        lines.append(
            f'the focal length is known to {100 * found.focal_error:.1f} % only; to '
            'fix it: take more pictures with the board slanted by some 30 degrees to '
            'different sides'
        )
    return lines


def print_board(path: str, board: Board) -> None:
    """Draw the board as a picture that knows how large it is to be printed."""
    if not path.lower().endswith('.png'):
        raise ValueError(f'--print {path}: the board is drawn as a .png')
    pixels = 4 * max(1, round(board.square / _CM * _DPI / 4))
    if board.columns * board.rows * pixels**2 > _MOST_PIXELS:
        width, height = board.size
        raise ValueError(
            f'--print: a board of {width:.0f} x {height:.0f} cm is too large to be '
            'drawn; to fix it: give sides in centimetres'
        )
    image = Image.fromarray(board.draw(pixels))
    dpi = pixels / board.square * _CM
    with OutputFiles() as outputs:
        image.save(outputs.open_binary(path), 'PNG', dpi=(dpi, dpi))
    width, height = board.size
    print(
        f'{path}: print it at 100 % of its size, {width:.1f} x {height:.1f} cm with '
        f'its border; measure a square afterwards, which must have {board.square:g} cm'
    )


def main(argv: list[str] | None = None) -> int:
    """The command; its exit code."""
    return run(execute, parse_args(argv))
