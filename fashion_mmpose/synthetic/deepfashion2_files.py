"""Drawn sets in the DeepFashion2 benchmark's own raw layout."""

from __future__ import annotations

import os
from collections.abc import Collection
from functools import partial
from pathlib import Path

import numpy as np

from fashion_mmpose.files.parallel import map_in_order
from fashion_mmpose.files.pictures.pixels import write_picture
from fashion_mmpose.formats.deepfashion2.raw import (
    RawItem,
    raw_category_name,
    write_raw,
)
from fashion_mmpose.garments import categories, garment

from .deepfashion2 import DrawnItem, draw_deepfashion2
from .together import drawn_together, map_of, mapped, measured, refuse_what_is_there

_CHUNK = 8  # pictures that a process draws at a time
_MOST_PICTURES = 999_999  # names have six digits
_ANNOTATIONS = '[0-9]' * 6 + '.json'


def raw_item(item: DrawnItem) -> RawItem:
    """A garment's annotation as the benchmark's files hold it."""
    return RawItem(
        category_id=garment('deepfashion2', item.category).category_id,
        category_name=raw_category_name(item.category),
        style=item.style,
        bounding_box=tuple(item.box.tolist()),
        landmarks=item.landmarks.ravel().tolist(),
        segmentation=[outline.ravel().tolist() for outline in item.polygons],
        scale=item.scale,
        occlusion=item.occlusion,
        zoom_in=item.zoom_in,
        viewpoint=item.viewpoint,
    )


def _picture(index: int) -> str:
    return f'image/{index + 1:06d}.jpg'


def _write_one(
    task: tuple[int, str | None],
    out_dir: Path,
    seed: int,
    only: Collection[str] | None,
    parsing: bool,
) -> int:
    """Draws and writes a picture; returns how many garments it has."""
    index, category = task
    picture = draw_deepfashion2(seed, index, category, only)
    name = _picture(index)
    quality = int(np.random.default_rng([seed, index]).integers(45, 96))
    write_picture(out_dir / name, picture.image, quality)
    if parsing:
        write_picture(out_dir / map_of(name), picture.parsing)
    items = [raw_item(item) for item in picture.items]
    # No two drawn pictures show the same garments: each is a pair of its own.
    annotation = out_dir / 'annos' / f'{index + 1:06d}.json'
    write_raw(annotation, items, picture.source, index + 1)
    return len(picture.items)


def write_deepfashion2(
    out_dir: str | os.PathLike,
    num: int,
    seed: int = 0,
    workers: int = 1,
    overwrite: bool = False,
    category: str | None = None,
    balanced: bool = False,
    only: Collection[str] | None = None,
    parsing: bool = False,
) -> tuple[Path, int]:
    """Draw a set of pictures in the benchmark's own raw layout.

    Writes ``image/000001.jpg`` and so on and ``annos/000001.json`` and so on when all
    of them are drawn, and ``parsing/000001.png`` and so on if they are asked for. The
    same arguments give the same bytes, whatever the number of workers.

    Args:
        out_dir: Folder to write to; it is made if it is missing.
        num: Pictures.
        seed: Seed of the set, 0 or above.
        workers: Processes; with more than one, a script that calls this needs the
            usual ``if __name__ == '__main__'``.
        overwrite: Write even if the folder already has annotations, pictures or maps
            of these numbers, or lengths and the camera of garments on a table, all of
            which are then replaced or removed; pictures and maps of other numbers
            stay.
        category: A category that every picture shows, among others; None for shares
            like the benchmark's.
        balanced: Let the pictures show each of the categories in turn, among others.
            Not together with ``category``.
        only: The categories that are worn at all; None for all 13.
        parsing: Write human parsing maps, too: PNG files of one channel, of the
            pictures' sizes, whose values are those of
            :class:`~fashion_mmpose.synthetic.Parsing`.

    Returns:
        tuple: The folder of the annotations and the number of garments in them.

    Raises:
        FileExistsError: If the folder has one of these and ``overwrite`` is not set.
        ValueError: If a category does not exist, a number is out of range, both
            ``category`` and ``balanced`` are given, or people who wear ``only`` these
            do not exist.
    """
    out_dir = Path(out_dir)
    if not 1 <= num <= _MOST_PICTURES or seed < 0 or workers < 1:
        raise ValueError(
            f'num must be 1 to {_MOST_PICTURES}, workers at least 1 and seed at least '
            f'0, not num={num}, workers={workers}, seed={seed}'
        )
    if category is not None:
        garment('deepfashion2', category)
        if balanced:
            raise ValueError(
                f'balanced takes the categories in turn; it does not go with '
                f'category={category!r}'
            )
    annotations = out_dir / 'annos'
    present = sorted(annotations.glob(_ANNOTATIONS))
    if present and not overwrite:
        raise FileExistsError(
            f'{annotations} already has {len(present)} annotations, such as '
            f'{present[0].name}; choose another folder or overwrite them'
        )
    pictures = [_picture(index) for index in range(num)]
    old = [*measured(out_dir), *mapped(out_dir, pictures)]
    if not overwrite:
        refuse_what_is_there(old, out_dir, pictures)
    every = [n for n in categories('deepfashion2') if only is None or n in only]
    names = every if balanced else [category]
    if only is not None:
        # Before anything is replaced, a picture of each shows that it can be drawn.
        for name in names or [None]:
            draw_deepfashion2(seed, 0, name, only)
    tasks = [(index, names[index % len(names)]) for index in range(num)]
    # Annotations, lengths and maps of pictures that are replaced would be wrong.
    with drawn_together(out_dir, [*present, *old]) as folder:
        for each in ('image', 'annos'):
            (folder / each).mkdir()
        draw = partial(
            _write_one, out_dir=folder, seed=seed, only=only, parsing=parsing
        )
        drawn = map_in_order(draw, tasks, num, workers, _CHUNK, 'drawing', 'picture')
        num_garments = sum(drawn)
    return annotations, num_garments
