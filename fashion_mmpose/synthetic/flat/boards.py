"""Pictures of a ChArUco board by a camera, from which its lens can be estimated."""

from __future__ import annotations

import numpy as np

from fashion_mmpose.measure.scaling.targets import Board
from fashion_mmpose.synthetic.painting.photograph import photograph

from .camera import TableCamera, bend, sample_turn, view_of
from .table import lay, table_top

BOARD = Board(columns=7, rows=5, square=4.0, marker=3.0)  # where no other is named
_MOST_TILT = 35.0  # degrees between the camera's axis and the vertical
_MOST_ROOM = 1.8  # of the board's own size, in which it lies somewhere
_FILL = 0.97
_CELL = 96  # pixels of a square as it is laid down
_STREAM = 6  # of random numbers, apart from those of other pictures


def draw_board(
    camera: TableCamera, seed: int, index: int, board: Board = BOARD
) -> np.ndarray:
    """Draw one picture of the board, somewhere in the picture and turned somehow.

    Args:
        camera: The camera.
        seed: Seed of the set, 0 or above.
        index: Index of the picture, 0 or above.
        board: The board. Defaults to 7 x 5 squares of 4 cm with markers of 3 cm.

    Returns:
        np.ndarray: BGR, uint8, shape (H, W, 3); the same for the same arguments.
    """
    rng = np.random.default_rng([seed, _STREAM, index])
    size = np.array(board.size)
    angle = rng.uniform(0, 2 * np.pi)
    cos, sin = np.cos(angle), np.sin(angle)
    on_table = np.eye(3)
    on_table[:2, :2] = np.array([[cos, -sin], [sin, cos]])
    on_table[:2, 2] = -on_table[:2, :2] @ size / 2
    reach = float(np.linalg.norm(size)) / 2
    width, height = camera.size_wh
    room = reach * rng.uniform(1, _MOST_ROOM) * np.array([width / height, 1])
    # The board lies somewhere in what the picture shows, mostly at its edge.
    middle = np.sin(rng.uniform(-np.pi / 2, np.pi / 2, 2)) * (room - reach)
    extent = room * np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)]) - middle
    view = view_of(extent, sample_turn(rng, _MOST_TILT), camera, _FILL)
    image, _ = table_top(rng, camera.size_wh)
    lay(image, board, view @ on_table, _CELL)
    return photograph(rng, bend(image, camera.lens))
