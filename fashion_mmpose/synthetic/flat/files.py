"""Drawn sets of garments laid flat, by one camera, with their true lengths."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from fashion_mmpose.files.parallel import map_in_order
from fashion_mmpose.files.pictures.pixels import write_picture
from fashion_mmpose.files.writing.outputs import OutputFiles
from fashion_mmpose.formats.deepfashion2.raw import (
    RawItem,
    levels,
    raw_category_name,
    write_raw,
)
from fashion_mmpose.garments import categories, garment
from fashion_mmpose.measure import measure, pixels_per_cm
from fashion_mmpose.measure.scaling.lens import write_lens
from fashion_mmpose.measure.scaling.targets import Board, Target
from fashion_mmpose.measure.writing import write_table
from fashion_mmpose.synthetic.together import (
    CAMERA,
    LENGTHS,
    drawn_together,
    mapped,
    measured,
    refuse_what_is_there,
)

from .boards import BOARD, draw_board
from .camera import TableCamera, sample_camera
from .garments import LaidFlat, draw_laid_flat
from .table import CELL

IMAGES, ANNOTATIONS, BOARDS = 'image', 'annos', 'boards'
_ANNOTATION = re.compile(r'[0-9]{6}\.json')  # names of what is written here
_BOARD = re.compile(r'[0-9]{2}\.jpg|[1-9][0-9]{2,}\.jpg')
_CHUNK = 2  # pictures that a process draws at a time
_MOST_PICTURES = 999_999  # names have six digits
_QUALITY = 92  # of JPEG
_DECIMALS = 2  # of a pixel
_NOT_WORN = 1  # the benchmark's viewpoint


@dataclass(frozen=True)
class FlatSet:
    """A set that was written.

    Attributes:
        num_pictures: So many pictures show a garment.
        lengths: The CSV of their true lengths; a JSON of that name lies beside it.
        camera: The JSON of the lens, as ``measure --lens`` takes it.
    """

    num_pictures: int
    lengths: Path
    camera: Path


def write_laid_flat(
    out_dir: str | os.PathLike,
    num: int,
    names: Sequence[str] | None = None,
    target: Target | None = None,
    num_boards: int = 0,
    seed: int = 0,
    workers: int = 1,
    overwrite: bool = False,
) -> FlatSet:
    """Draw garments on a table beside something of known size, all by one camera.

    Writes ``image/000001.jpg`` and so on, ``annos/000001.json`` and so on in the raw
    form of DeepFashion2, ``lengths.csv`` and ``lengths.json`` with every length in
    centimetres, ``camera.json``, the true lens, and ``boards/01.jpg`` and so on, the
    board by the same camera. The same arguments give the same bytes on one machine.

    Args:
        out_dir: Folder to write to; it is made if it is missing.
        num: Pictures of each category.
        names: Categories of DeepFashion2; None for all of them. Defaults to None.
        target: What lies beside each garment; None for nothing. Defaults to None.
        num_boards: Pictures of a ChArUco board, of ``target`` if it is one, or else of
            7 x 5 squares of 4 cm with markers of 3 cm. Defaults to 0.
        seed: Seed of the set, 0 or above.
        workers: Processes; with more than one, a script that calls this needs the
            usual ``if __name__ == '__main__'``.
        overwrite: Write even if the folder has lengths, a camera, numbered annotations
            or boards, or pictures of these numbers or human parsing maps of them, all
            of which are then replaced or removed; pictures and maps of other numbers
            stay.

    Raises:
        FileExistsError: If the folder has one of these and ``overwrite`` is not set.
        FormatError: If there is no such dictionary of markers.
        ValueError: If a category does not exist, a number is out of range, or there can
            be no such target.
    """
    out_dir = Path(out_dir)
    names = categories('deepfashion2') if names is None else names
    for name in names:
        garment('deepfashion2', name)  # before anything is replaced
    tasks = [(index, name) for name in names for index in range(num)]
    is_set = 1 <= len(tasks) <= _MOST_PICTURES and num_boards >= 0 and seed >= 0
    if not is_set or workers < 1:
        raise ValueError(
            f'a set has 1 to {_MOST_PICTURES} pictures of garments, 0 or more of '
            'boards, a seed of 0 or above, and at least 1 worker; not '
            f'num={num} of {len(names)} categories, num_boards={num_boards}, '
            f'seed={seed}, workers={workers}'
        )
    if target is not None:
        target.draw(CELL)  # where it cannot be drawn nothing is replaced, either
    pictures = [f'{IMAGES}/{number:06d}.jpg' for number in range(1, len(tasks) + 1)]
    old = [*_of_another_camera(out_dir), *mapped(out_dir, pictures)]
    if not overwrite:
        refuse_what_is_there(old, out_dir, pictures)
    camera = sample_camera(seed)
    with drawn_together(out_dir, old) as folder:
        for each in (IMAGES, ANNOTATIONS, BOARDS):
            (folder / each).mkdir()
        draw = partial(
            _write_one, out_dir=folder, seed=seed, target=target, camera=camera
        )
        numbered = list(enumerate(tasks, 1))
        drawn = map_in_order(
            draw, numbered, len(numbered), workers, _CHUNK, 'drawing', 'picture'
        )
        rows = [row for picture in drawn for row in picture]
        board = target if isinstance(target, Board) else BOARD
        for index in range(num_boards):
            image = draw_board(camera, seed, index, board)
            write_picture(folder / BOARDS / f'{index + 1:02d}.jpg', image, _QUALITY)
        with OutputFiles() as outputs:
            for suffix in ('.csv', '.json'):
                write_table(outputs, folder / f'{LENGTHS}{suffix}', rows)
        write_lens(folder / CAMERA, camera.lens)
    return FlatSet(len(tasks), out_dir / f'{LENGTHS}.csv', out_dir / CAMERA)


def _of_another_camera(out_dir: Path) -> list[Path]:
    """What a folder says of the pictures of a set before, and its boards."""
    found = measured(out_dir)
    for folder, pattern in ((ANNOTATIONS, _ANNOTATION), (BOARDS, _BOARD)):
        paths = sorted((out_dir / folder).glob('*'))
        found += [p for p in paths if pattern.fullmatch(p.name) and p.is_file()]
    return found


def _write_one(
    task: tuple[int, tuple[int, str]],
    out_dir: Path,
    seed: int,
    target: Target | None,
    camera: TableCamera,
) -> list[dict]:
    """Draw and write a picture; rows of its true lengths."""
    number, (index, category) = task
    drawn = draw_laid_flat(category, seed, index, target, camera)
    name = f'{number:06d}'
    write_picture(out_dir / IMAGES / f'{name}.jpg', drawn.image, _QUALITY)
    annotation = out_dir / ANNOTATIONS / f'{name}.json'
    write_raw(annotation, [raw_item(drawn)], 'shop', number)
    kind = garment('deepfashion2', category)
    return [
        dict(
            image=f'{name}.jpg',
            category=category,
            measurement=each.name,
            value=None if each.value is None else round(each.value, 3),
            unit=each.unit,
        )
        for each in measure(drawn.places, kind, pixels_per_cm(1))
    ]


def raw_item(drawn: LaidFlat) -> RawItem:
    """A garment's annotation as DeepFashion2's files hold it."""
    share = np.ptp(drawn.box.reshape(2, 2), axis=0).prod() / (
        drawn.image.shape[0] * drawn.image.shape[1]
    )
    visibility = np.where(drawn.visible, 2, 1)
    landmarks = np.column_stack((drawn.keypoints, visibility))
    return RawItem(
        category_id=garment('deepfashion2', drawn.category).category_id,
        category_name=raw_category_name(drawn.category),
        style=0,
        bounding_box=tuple(drawn.box.round(_DECIMALS).tolist()),
        landmarks=landmarks.round(_DECIMALS).ravel().tolist(),
        segmentation=[
            outline.round(_DECIMALS).ravel().tolist() for outline in drawn.polygons
        ],
        viewpoint=_NOT_WORN,
        **levels(share, visibility),
    )
