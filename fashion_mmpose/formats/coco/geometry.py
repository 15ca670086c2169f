"""Whether boxes and key points fit the pictures that they are said to be of.

A single box that leads out of its picture is the work of an annotator or a detector,
and is counted. A file whose boxes do so is in another form than it should be: corners
for widths, fractions for pixels, sizes of other pictures. It is refused, since what is
trained or tested on it means nothing.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from fashion_mmpose.errors import FormatError

MAX_PX = 1_000_000  # no picture is that wide
NEAR = 0.05  # of a picture's longer side, by which something may lead out of it
FAR = 0.25  # of the same: no annotator's hand slips that far
_SYSTEMATIC = 0.5  # of all entries
_EXPLAINED = 0.2  # of all entries, where one explanation fits every one of them
_SMALL = 16  # pixels; in smaller pictures a fraction may be a pixel
_SHOWN = 3
_BLOCK = 4096  # garments whose points are checked at once


@dataclass(frozen=True)
class Boxes:
    """Boxes of a file, for :func:`check_boxes`.

    N: boxes.

    Attributes:
        path: The file.
        name: What an entry of the number i is called, e.g. ``'annotation 12'``.
        xywh: x, y, width, height in pixels of the picture, shape (N, 4).
        sizes_wh: Width and height of the box's picture, shape (N, 2); 0 where they are
            not known, which fits everything.
    """

    path: str | os.PathLike
    name: Callable[[int], str]
    xywh: np.ndarray
    sizes_wh: np.ndarray


def check_boxes(boxes: Boxes) -> list[str]:
    """Refuse boxes in another form, and count those that do not fit their pictures.

    Returns:
        list[str]: A note for each kind of box that does not fit, with the first ones.

    Raises:
        FormatError: If a number is not finite or beyond all pictures, or the boxes as a
            whole are fractions of the pictures, corners (x1, y1, x2, y2), or of
            pictures of other sizes.
    """
    wild = np.flatnonzero(~(np.abs(boxes.xywh) <= MAX_PX).all(axis=1))
    if len(wild):
        raise FormatError(
            f'{boxes.path}: {boxes.name(int(wild[0]))} has the bbox '
            f'{boxes.xywh[wild[0]].tolist()}, which are no pixels; to fix it: write '
            'finite numbers of pixels'
        )
    known = (boxes.sizes_wh > 0).all(axis=1)
    if not known.all():
        places = np.flatnonzero(known)
        boxes = Boxes(
            boxes.path,
            lambda index, name=boxes.name: name(places[index]),
            boxes.xywh[known],
            boxes.sizes_wh[known],
        )
    if not len(boxes.xywh):
        return []
    xywh, sizes = boxes.xywh, boxes.sizes_wh
    corners = corners_of(xywh)
    beyond = beyond_edges(corners, sizes)
    _refuse_another_form(boxes, corners, beyond)
    clipped = np.clip(corners.reshape(-1, 2, 2), 0, sizes[:, None])
    bare = (clipped[:, 1] - clipped[:, 0] < 1).any(axis=1)
    counted = (
        (bare, 'have no pixel in their picture'),
        (
            ~bare & (beyond > NEAR),
            f'lead out of their picture by more than {NEAR:.0%} of it',
        ),
    )
    return [
        _note(boxes.path, 'boxes', mask, boxes.name, what)
        for mask, what in counted
        if mask.any()
    ]


def corners_of(xywh: np.ndarray) -> np.ndarray:
    """x, y, width, height (n, 4) -> x1, y1, x2, y2 (n, 4)."""
    return np.concatenate((xywh[:, :2], xywh[:, :2] + xywh[:, 2:]), axis=1)


def _refuse_another_form(boxes: Boxes, corners: np.ndarray, beyond: np.ndarray) -> None:
    """Raise if one explanation fits the file as a whole."""
    xywh, sizes = boxes.xywh, boxes.sizes_wh
    if (np.abs(xywh - 0.5) <= 1).all() and xywh.any() and sizes.min() > _SMALL:
        raise _refusal(
            boxes,
            np.ones(len(xywh), bool),
            'are fractions of the picture',
            'write pixels',
        )
    outside = beyond > NEAR
    explanations = (
        (
            _fits(xywh, sizes) & (xywh[:, 2:] > xywh[:, :2]).all(axis=1),
            'are corners x1, y1, x2, y2',
            'write x, y, width, height',
        ),
        (
            _fits(corners, sizes[:, ::-1]),
            'fit pictures whose width and height are exchanged',
            "exchange the images' width and height",
        ),
    )
    for fits, what, mend in explanations:
        if fits.all() and outside.mean() >= _EXPLAINED:
            raise _refusal(boxes, outside, what, mend)
    far = beyond > FAR
    if far.mean() >= _SYSTEMATIC:
        raise _refusal(
            boxes,
            far,
            'lie far outside, as those of pictures of another size do',
            "give the sizes of the pictures that were annotated, or the boxes' pixels "
            'in these',
        )


def check_points(
    path: str | os.PathLike,
    name: Callable[[int], str],
    points: np.ndarray,
    starts: np.ndarray,
    sizes_wh: np.ndarray,
) -> list[str]:
    """Refuse key points of another scale, and count those far outside of the picture.

    N: garments, T: the key points of all of them together.

    Args:
        path: The file.
        name: What garment i is called.
        points: x, y in pixels and v, of which 0 is not labelled, shape (T, 3).
        starts: Garment i owns ``points[starts[i]:starts[i + 1]]``, shape (N + 1, ).
        sizes_wh: Width and height of every garment's picture, shape (N, 2).

    Returns:
        list[str]: A note, if garments have labelled points far outside.

    Raises:
        FormatError: If half of all labelled garments have, or a labelled point is not
            finite or beyond all pictures.
    """
    counts = np.diff(starts)
    far = np.zeros(len(counts), bool)
    has_points = far.copy()
    # All at once would take ten times the memory of the points themselves.
    for first in range(0, len(far), _BLOCK):
        some = slice(first, min(first + _BLOCK, len(far)))
        owners = np.repeat(np.arange(some.start, some.stop), counts[some])
        own = points[starts[some.start] : starts[some.stop]]
        labelled = own[:, 2] > 0
        owners, xy = owners[labelled], own[labelled, :2]
        wild = np.flatnonzero(~(np.abs(xy) <= MAX_PX).all(axis=1))
        if len(wild):
            raise FormatError(
                f'{path}: {name(int(owners[wild[0]]))} has a key point at '
                f'{xy[wild[0]].tolist()}, which are no pixels; to fix it: write finite '
                'numbers of pixels'
            )
        corners = np.concatenate([xy, xy], axis=1)
        far[owners[beyond_edges(corners, sizes_wh[owners]) > FAR]] = True
        has_points[owners] = True
    if not far.any():
        return []
    what = f'have key points outside of their picture by more than {FAR:.0%} of it'
    note = _note(path, 'garments', far, name, what)
    if far.sum() >= _SYSTEMATIC * has_points.sum():
        raise FormatError(
            f'{note}; to fix it: give the sizes of the pictures that were annotated, '
            "or the points' pixels in these; or label no points (v = 0) that the "
            'pictures do not show'
        )
    return [note]


def beyond_edges(corners: np.ndarray, sizes_wh: np.ndarray) -> np.ndarray:
    """How far boxes lead out of their pictures, as a share of the longer side.

    Args:
        corners: x1, y1, x2, y2 in pixels, shape (N, 4).
        sizes_wh: Width and height of each box's picture, shape (N, 2).

    Returns:
        np.ndarray: Shape (N, ); 0 or less for boxes inside.
    """
    excess = np.concatenate([-corners[:, :2], corners[:, 2:] - sizes_wh], axis=1)
    return excess.max(axis=1, initial=0) / sizes_wh.max(axis=1, initial=1)


def _fits(corners: np.ndarray, sizes_wh: np.ndarray) -> np.ndarray:
    return beyond_edges(corners, sizes_wh) <= NEAR


def _note(
    path: str | os.PathLike,
    kind: str,
    mask: np.ndarray,
    name: Callable[[int], str],
    what: str,
) -> str:
    places = np.flatnonzero(mask)
    first = ', '.join(name(int(place)) for place in places[:_SHOWN])
    more = f' and {len(places) - _SHOWN} more' if len(places) > _SHOWN else ''
    return f'{path}: {len(places)} of {len(mask)} {kind} {what}: {first}{more}'


def _refusal(boxes: Boxes, mask: np.ndarray, what: str, mend: str) -> FormatError:
    place = int(np.flatnonzero(mask)[0])
    width, height = boxes.sizes_wh[place].tolist()
    bbox = boxes.xywh[place].round(3).tolist()
    return FormatError(
        f'{boxes.path}: the boxes {what}: {boxes.name(place)} has the bbox {bbox} '
        f'in a picture of {width} x {height} px, and {int(mask.sum())} of {len(mask)} '
        f'are like it; to fix it: {mend}'
    )
