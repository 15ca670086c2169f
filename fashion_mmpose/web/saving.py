"""What people take home from the page: COCO JSON, CSV, drawn pictures."""

import io
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import cv2
import numpy as np

from fashion_mmpose.files.csv_file import write_cells
from fashion_mmpose.formats.labels.entries import Converted, write
from fashion_mmpose.garments import Benchmark
from fashion_mmpose.measure import AnyScale, Measured, Scale
from fashion_mmpose.visualization import draw_measurements, draw_predictions

from .corrected import Corrected
from .sessions import OpenPicture

VISIBILITIES = ('removed', 'covered', 'visible')  # COCO's v as a word
POINT_COLUMNS = ('garment', 'category', 'point', 'x', 'y', 'score', 'state')
LENGTH_COLUMNS = (
    'garment',
    'category',
    'measurement',
    'length',
    'unit',
    'from',
    'to',
    'why not',
)
_LEAST_SHOWN = 1e-6  # points that are removed score 0


def point_rows(garments: Sequence[Corrected]) -> list[list]:
    """A row for each key point, see :data:`POINT_COLUMNS`."""
    rows = []
    for number, each in enumerate(garments, 1):
        found = each.found
        for i, name in enumerate(found.names):
            x, y = found.keypoints[i].tolist()
            rows.append(
                [
                    number,
                    found.category,
                    name,
                    round(x, 1),
                    round(y, 1),
                    'by hand' if each.by_hand[i] else round(float(found.scores[i]), 2),
                    VISIBILITIES[each.visibility[i]],
                ]
            )
    return rows


def length_rows(
    garments: Sequence[Corrected], lengths: Sequence[Sequence[Measured]]
) -> list[list]:
    """A row for each length, see :data:`LENGTH_COLUMNS`."""
    rows = []
    for number, (each, measured) in enumerate(zip(garments, lengths), 1):
        for length in measured:
            entry = length.to_dict()
            digits = 1 if length.unit == 'cm' else 0
            numbers = [
                '' if entry[key] is None else round(entry[key], digits)
                for key in ('value', 'low', 'high')
            ]
            rows.append(
                [
                    number,
                    each.found.category,
                    length.name,
                    numbers[0],
                    length.unit,
                    *numbers[1:],
                    length.reason if length.value is None else '',
                ]
            )
    return rows


def named_apart(pictures: Sequence[OpenPicture]) -> dict[str, OpenPicture]:
    """Pictures by names of their own: of one name, the later ones get a number."""
    names: dict[str, OpenPicture] = {}
    own = {each.name for each in pictures}
    for each in pictures:
        stem, suffix = os.path.splitext(each.name)
        name, count = each.name, 1
        # A number does not make it the name of a picture that comes later.
        while name in names or (count > 1 and name in own):
            count += 1
            name = f'{stem} {count}{suffix}'
        names[name] = each
    return names


def as_csv(tables: Mapping[str, Sequence[Sequence]], columns: Sequence[str]) -> str:
    """Rows of several pictures as CSV, with the picture's name before each.

    Args:
        tables: The rows by the picture's name, see :func:`named_apart`.
        columns: Their heads.
    """
    cells: list[Sequence] = [['picture', *columns]]
    for name, rows in tables.items():
        # A spreadsheet would take what begins so for a formula.
        safe = f"'{name}" if name.startswith(('=', '+', '-', '@')) else name
        cells += [[safe, *row] for row in rows]
    text = io.StringIO(newline='')
    write_cells(text, cells)
    return text.getvalue()


def coco_entries(
    pictures: Sequence[tuple[str, tuple[int, int], Sequence[Corrected]]],
) -> Converted:
    """Pictures and their garments as entries of a COCO file.

    Args:
        pictures: Of each its name, width and height, and garments.
    """
    done = Converted()
    for number, (name, (width, height), garments) in enumerate(pictures, 1):
        done.images.append(dict(id=number, file_name=name, width=width, height=height))
        done.items.append([each.to_item(name, (width, height)) for each in garments])
    return done


def as_coco(pictures: Sequence[OpenPicture], benchmark: Benchmark) -> str:
    """Pictures and their garments as COCO JSON, which data sets read.

    Of pictures of one name the later ones get a number, see :func:`named_apart`.
    """
    names = named_apart(pictures)
    done = coco_entries([(name, p.size, p.garments) for name, p in names.items()])
    with TemporaryDirectory() as folder:
        path = Path(folder) / 'garments.json'
        write(done, benchmark, path)
        return path.read_text(encoding='utf-8')


def draw(
    pixels: np.ndarray,
    garments: Sequence[Corrected],
    least_score: float,
    with_names: bool,
    lengths: Sequence[Sequence[Measured]] = (),
    scale: AnyScale | None = None,
) -> bytes:
    """A picture with its garments, as a PNG.

    Args:
        pixels: BGR, uint8, shape (H, W, 3).
        garments: Its garments.
        least_score: Points that score less are not drawn.
        with_names: Whether the names of the points are written.
        lengths: Lengths of the garments, which are drawn, too.
        scale: What they were measured by.
    """
    shown = [each.shown(least_score) for each in garments]
    threshold = max(least_score, _LEAST_SHOWN)
    drawn = draw_predictions(pixels, shown, threshold, with_names)
    if lengths:
        known = scale if isinstance(scale, Scale) else None
        drawn = draw_measurements(drawn, [m for own in lengths for m in own], known)
    return cv2.imencode('.png', drawn)[1].tobytes()
