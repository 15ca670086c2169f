"""What a Tianchi CSV was found to hold."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from .tianchi_lines import COLUMNS

# What the CPM system's preprocessing puts before the ids.
CPM_FOLDER = 'data/train/'

# How a row is repaired, for the reader of a count.
_REPAIRS = {
    'semicolons': 'lines separated by semicolons read as by commas',
    'tabs': 'lines separated by tabs read as by commas',
    'bars': 'lines separated by vertical bars read as by commas',
    'blanks': 'lines separated by blanks read as by commas',
    'outer_blanks': 'lines with blanks around cells read without them',
    'quotes': 'lines with quoted cells read without the quotes',
    'backslashes': 'image ids with backslashes read with slashes',
    'folder': f'image ids read without the folder {CPM_FOLDER} that they begin with',
    'no_cells': 'rows without any cell filled read as a list of images',
    'byte_order_mark': 'byte order mark ignored',
    'crlf': 'line ends CRLF read as LF',
    'blank_lines': 'blank lines ignored',
    'missing_final_newline': 'missing final line end',
    'short_header': f'2-name header over rows of {len(COLUMNS)} fields completed',
    'repeated_headers': 'repeated header lines ignored',
    'identical_duplicates': 'rows dropped that repeat an earlier one',
}


def coco_keypoints(cells: np.ndarray) -> np.ndarray:
    """The challenge's cells in COCO's form.

    Args:
        cells: x, y, v, shape (..., 3), where v is 1 (visible), 0 (occluded) or -1
            (absent).

    Returns:
        np.ndarray: The same with v 2, 1 and 0; absent points are at 0, 0.
    """
    coco = cells.copy()
    coco[..., 2] += 1
    coco[coco[..., 2] == 0] = 0
    return coco


def by_last_part(
    image_ids: Sequence[str], known: Sequence[str]
) -> tuple[list[str], int]:
    """Image ids by the names that another file has for the same pictures.

    Files name a picture by its path below different folders. An id that the other file
    lacks stands for the picture of the same last part, if there is one there only, and
    one here only.

    Args:
        image_ids: Ids of one file.
        known: Ids of the other.

    Returns:
        tuple: The ids, and how many of them were replaced.
    """
    ours = Counter(each.rpartition('/')[2] for each in image_ids)
    theirs = defaultdict(list)
    for each in known:
        theirs[each.rpartition('/')[2]].append(each)
    strangers = {*image_ids} - {*known}
    found = {}
    for each in strangers:
        last = each.rpartition('/')[2]
        if ours[last] == len(theirs[last]) == 1:
            found[each] = theirs[last][0]
    return [found.get(each, each) for each in image_ids], len(found)


@dataclass(frozen=True)
class TianchiTable:
    """The rows of one CSV file, in the order of the file.

    N: rows.

    Attributes:
        path: The file.
        image_ids: N distinct image ids, as written in the file.
        categories: N category names.
        keypoints: x, y, v in pixels of the original image, shape (N, 24, 3); int64
            for annotations, float64 for predictions. x and y of a point with v = -1
            are as in the file, usually -1. None if the file has no key points.
            Fractions of the picture's size are float64.
        lines: Line of every row in the file, from 1, shape (N, ).
        repairs: How often the reader repaired what.
        dropped: Bad rows that the reader left out, one error message each.
        fractions: x and y are fractions of the picture's width and height.
        ignored: Names of columns that the format does not have.
        folder: What the ids began with in the file, with a slash at the end, or ''.
    """

    path: str
    image_ids: list[str]
    categories: list[str]
    keypoints: np.ndarray | None
    lines: np.ndarray
    repairs: dict[str, int] = field(default_factory=dict)
    dropped: list[str] = field(default_factory=list)
    fractions: bool = False
    ignored: tuple[str, ...] = ()
    folder: str = ''

    @property
    def warnings(self) -> list[str]:
        """One line for columns left out, per kind of repair, and per row left out."""
        names = ', '.join(map(repr, self.ignored))
        return [
            *([f'{self.path}: additional columns ignored: {names}'] if names else []),
            *(
                f'{self.path}: {n} x {_REPAIRS[kind]}'
                for kind, n in self.repairs.items()
            ),
            *(f'row left out: {message}' for message in self.dropped),
        ]


def asked_categories(
    truth_ids: Sequence[str],
    truth_categories: Sequence[str],
    image_ids: Sequence[str],
    categories: Sequence[str],
) -> set[str]:
    """The categories that predictions are about, by the truth and by themselves.

    Args:
        truth_ids: Image ids of the annotations.
        truth_categories: Categories of the annotations.
        image_ids: Ids of the predictions, as the annotations have them.
        categories: Categories of the predictions.
    """
    answered = {*image_ids}
    by_truth = [
        category
        for name, category in zip(truth_ids, truth_categories)
        if name in answered
    ]
    return {*by_truth, *categories}
