"""FashionAI samples to COCO JSON: sizes, checks, boxes and files."""

import os
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tqdm import tqdm

from fashion_mmpose import garments
from fashion_mmpose.errors import FormatError
from fashion_mmpose.files.json_file import encode_whole_numbers
from fashion_mmpose.files.pictures.pixels import image_sizes
from fashion_mmpose.files.writing.outputs import OutputFiles
from fashion_mmpose.formats.coco.annotations import (
    coco_categories,
    keypoint_boxes,
    write_coco,
)
from fashion_mmpose.version import __version__

from .samples import Samples
from .tianchi import COLUMNS, TianchiError
from .tianchi_table import coco_keypoints

# The published annotations lie in 0 to width and 0 to height, both included: a point
# on the right edge is one pixel beyond the last column. One more is let pass.
_TOLERANCE = 1
_CHUNK = 4096  # rows that become Python's numbers at a time


@dataclass(frozen=True)
class Options:
    """How samples become COCO entries.

    Attributes:
        bbox: ``'keypoints'``, the extent of the annotated points, or ``'image'``.
        margin: Pixels by which the extent grows to every side.
        image_size: Width and height of all images, which are then not opened.
        workers: Processes that read image headers.
        skip_bad: Leave out images that are missing, unreadable or annotated outside.
    """

    bbox: str = 'keypoints'
    margin: int = 10
    image_size: tuple[int, int] | None = None
    workers: int = 1
    skip_bad: bool = False


@dataclass(frozen=True)
class Written:
    """What one written file holds, with the points of its categories by v.

    Attributes:
        split: The split.
        category: The category, or ``'all'``.
        file: The file.
        images: Number of images.
        rows: Number of annotations.
        visible: Points with v = 1.
        occluded: Points with v = 0.
        absent: Points of the images' own categories with v = -1.
    """

    split: str
    category: str
    file: Path
    images: int
    rows: int
    visible: int
    occluded: int
    absent: int


def write_splits(
    splits: Mapping[str, Samples],
    root: str | os.PathLike,
    out: str | os.PathLike,
    options: Options,
) -> tuple[list[Written], list[str]]:
    """Write ``<split>_<category>.json`` and ``<split>_all.json`` of every split.

    The files of categories hold the category's K points, the file for all holds 24.
    Nothing is written for a category without images; an empty split has
    ``<split>_all.json`` alone. An image has one id, and its annotation the same, from 1
    in the order of the rows; they are equal in both files. ``file_name`` is the CSV's
    image id. ``folder``, where present, comes before it; ``path``, present only where
    the two do not lead to the image, is the path from the root. All files appear
    together or none does.

    Args:
        splits: Samples by split name.
        root: Folder that the samples' folders are relative to.
        out: Folder to write into.
        options: See :class:`Options`.

    Returns:
        tuple: What was written, in order, and one message per image left out and per
        split without images.

    Raises:
        FormatError: If an image is missing or unreadable, or a point outside of it.
        OSError: If a file cannot be written.
    """
    checked = {}
    dropped = []
    for split, samples in splits.items():
        sizes, messages = _sizes(samples, Path(root), options)
        if samples.keypoints is not None:
            messages |= _outside(samples, sizes, options.skip_bad)
        if messages and len(messages) == len(samples):
            first = next(iter(messages.values()))
            raise FormatError(f'{split}: no usable image; the first one: {first}')
        keep = np.ones(len(samples), dtype=bool)
        keep[list(messages)] = False
        samples, sizes = samples.take(keep), sizes[keep]
        checked[split] = samples, sizes, _in_coco_form(samples, sizes, options)
        dropped += [f'row left out: {messages[row]}' for row in sorted(messages)]
        if not len(samples):
            dropped.append(f'{split}: no image')

    written = []
    names = (*garments.categories('fashionai'), None)
    jobs = [(split, name) for split in checked for name in names]
    with OutputFiles() as outputs:
        for split, category in tqdm(jobs, desc='writing', unit='file', disable=None):
            samples, sizes, points = checked[split]
            chosen = samples.categories == category
            rows = np.flatnonzero(chosen) if category else np.arange(len(samples))
            if category and not len(rows):
                continue
            path = Path(out) / f'{split}_{category or "all"}.json'
            info = dict(
                description=f'FashionAI key points, {split}, {category or "all"}',
                version=__version__,
                dataset='fashionai',
                split=split,
            )
            subset = samples.take(rows)
            ids = (rows + 1).tolist()
            write_coco(
                outputs.open(path),
                info,
                coco_categories('fashionai', category),
                _images(subset, sizes[rows], ids),
                _annotations(subset, points, rows, category),
                encode_whole_numbers,
            )
            written.append(_count(split, category, path, subset))
    return written, dropped


def _at(samples: Samples, row: int) -> str:
    return f'{samples.sources[row]}, line {samples.lines[row]}'


def _sizes(
    samples: Samples, root: Path, options: Options
) -> tuple[np.ndarray, dict[int, str]]:
    """Width and height, shape (N, 2), and a message per row without an image."""
    if options.image_size is not None:
        return np.tile(np.array(options.image_size), (len(samples), 1)), {}
    files = [
        os.path.join(root, *place) for place in zip(samples.folders, samples.paths)
    ]
    found = image_sizes(files, options.workers)
    messages = {
        row: f'{_at(samples, row)}, column {COLUMNS[0]}: '
        + (f'cannot read image {file}' if os.path.exists(file) else f'no image {file}')
        for row, (file, size) in enumerate(zip(files, found))
        if size is None
    }
    if messages and not options.skip_bad:
        raise FormatError(
            f'{next(iter(messages.values()))}, {len(messages)} of {len(files)} in all; '
            '--image-size converts without images, --skip-bad leaves these rows out'
        )
    sizes = np.array([size or (0, 0) for size in found], int).reshape(-1, 2)
    return sizes, messages


def _outside(samples: Samples, sizes: np.ndarray, skip_bad: bool) -> dict[int, str]:
    """A message per row with an annotated point outside of its image."""
    x, y, v = np.moveaxis(samples.keypoints, 2, 0)
    limit = sizes[:, :, None] + _TOLERANCE
    outside = (x < 0) | (y < 0) | (x > limit[:, 0]) | (y > limit[:, 1])
    # Rows without an image have size (0, 0) and a message already.
    outside &= (v >= 0) & sizes.any(axis=1)[:, None]
    messages = {}
    for row in np.flatnonzero(outside.any(axis=1)).tolist():
        column = np.flatnonzero(outside[row])[0]
        width, height = sizes[row]
        cell = '_'.join(map(str, samples.keypoints[row, column]))
        messages[row] = (
            f'{_at(samples, row)}, column {COLUMNS[2 + column]}: {cell!r} lies outside '
            f'of the image of {width} x {height} px'
        )
        if not skip_bad:
            raise TianchiError(
                f'{messages[row]}; to fix it: correct the cell or the size, or '
                'leave such rows out with --skip-bad'
            )
    return messages


def _images(samples: Samples, sizes: np.ndarray, ids: list[int]) -> Iterator[dict]:
    rows = zip(
        ids,
        samples.image_ids,
        samples.categories,
        samples.folders,
        samples.paths,
        sizes.tolist(),
    )
    category_ids = _category_ids()
    for image_id, name, category, folder, path, (width, height) in rows:
        image = dict(
            id=image_id,
            file_name=name,
            width=width,
            height=height,
            category_id=category_ids[category],
        )
        if folder:
            image['folder'] = folder
        if path != name:
            image['path'] = f'{folder}/{path}' if folder else path
        yield image


def _in_coco_form(
    samples: Samples, sizes: np.ndarray, options: Options
) -> tuple[np.ndarray, np.ndarray] | None:
    """Key points (N, 24, 3) and boxes (N, 4); None where nothing is annotated."""
    if samples.keypoints is None:
        return None
    keypoints = coco_keypoints(samples.keypoints)
    if options.bbox == 'image':
        boxes = np.concatenate([np.zeros_like(sizes), sizes], axis=1)
    else:
        boxes = keypoint_boxes(keypoints, sizes, options.margin)
    return keypoints, boxes


def _annotations(
    samples: Samples,
    points: tuple[np.ndarray, np.ndarray] | None,
    rows: np.ndarray,
    category: str | None,
) -> Iterator[dict]:
    """Entries of the split's ``rows`` (n, ), which are the n samples."""
    if points is None:
        return
    keypoints, boxes = (each[rows] for each in points)
    if category is not None:
        channels = garments.garment('fashionai', category).channels
        keypoints = keypoints[:, list(channels)]
    counts = (keypoints[..., 2] > 0).sum(axis=1).tolist()
    ids = (rows + 1).tolist()
    category_ids = _category_ids()
    for annotation_id, name, bbox, count, numbers in zip(
        ids, samples.categories, boxes.tolist(), counts, _flat_lists(keypoints)
    ):
        yield dict(
            id=annotation_id,
            image_id=annotation_id,
            category_id=category_ids[name],
            bbox=bbox,
            area=bbox[2] * bbox[3],
            iscrowd=0,
            num_keypoints=count,
            keypoints=numbers,
        )


def _flat_lists(keypoints: np.ndarray) -> Iterator[list[int]]:
    """The 3 * K numbers of every row of key points (N, K, 3)."""
    for start in range(0, len(keypoints), _CHUNK):
        chunk = keypoints[start : start + _CHUNK]
        yield from chunk.reshape(len(chunk), -1).tolist()


def _category_ids() -> dict[str, int]:
    table = garments.benchmark('fashionai').garments
    return {name: garment.category_id for name, garment in table.items()}


def _count(split: str, category: str | None, path: Path, samples: Samples) -> Written:
    counts = dict(rows=0, visible=0, occluded=0, absent=0)
    if samples.keypoints is not None:
        own = sum(
            count * len(garments.keypoints('fashionai', name))
            for name, count in Counter(samples.categories.tolist()).items()
        )
        visible = int((samples.keypoints[..., 2] == 1).sum())
        occluded = int((samples.keypoints[..., 2] == 0).sum())
        counts = dict(
            rows=len(samples),
            visible=visible,
            occluded=occluded,
            absent=own - visible - occluded,
        )
    return Written(split, category or 'all', path, len(samples), **counts)
