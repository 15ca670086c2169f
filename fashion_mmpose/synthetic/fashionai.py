"""Pictures in the form of the FashionAI key point benchmark."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from fashion_mmpose.files.parallel import map_in_order
from fashion_mmpose.files.pictures.pixels import write_picture
from fashion_mmpose.formats.fashionai.tianchi import write_tianchi
from fashion_mmpose.garments import garment, keypoints
from fashion_mmpose.synthetic.painting.canvas import Canvas
from fashion_mmpose.synthetic.painting.masks import Painted, parsing_map
from fashion_mmpose.synthetic.painting.photograph import photograph
from fashion_mmpose.synthetic.painting.reproducible import same_on_all_processors
from fashion_mmpose.synthetic.people.occluders import sample_occluders, write_text
from fashion_mmpose.synthetic.people.outfit import dress_up, sample_outfit
from fashion_mmpose.synthetic.people.scene import sample_camera

from .painting.surfaces.backgrounds import sample_background
from .shares import choose
from .together import drawn_together, map_of, mapped, refuse_what_is_there

_SIZES = (
    (0.68, (512, 512)),
    (0.12, (384, 512)),
    (0.1, (340, 512)),
    (0.05, (410, 512)),
    (0.05, (512, 400)),
)

# Mean and spread of the garment's extent over the picture's; from test_a.
_FILL = {
    'blouse': (0.68, 0.17),
    'outwear': (0.74, 0.15),
    'dress': (0.77, 0.13),
    'skirt': (0.61, 0.17),
    'trousers': (0.61, 0.17),
}
_CHUNK = 8  # pictures that a process draws at a time
_CUT_SHARE = 0.01
_TEXT_SHARE = 0.12
_UNLABELLED_SHARE = 0.002


@dataclass(frozen=True)
class Drawing:
    """A drawn picture and its annotation.

    Attributes:
        image: (H, W, 3) uint8 BGR.
        keypoints: (24, 3) int64, x and y in pixels and v: 1 visible, 0 occluded, -1
            not annotated (x and y are -1, too).
        exact: (24, 2) float64, the positions before they were rounded, NaN where the
            garment has no such point.
        parts: Part of the garment on which each of the 24 points lies, or None.
        stack: Masks of everything in the picture, back to front.
    """

    image: np.ndarray
    keypoints: np.ndarray
    exact: np.ndarray
    parts: list[str | None]
    stack: list[Painted]

    @property
    def parsing(self) -> np.ndarray:
        """(H, W) uint8, what each pixel shows, as a human parser tells it: one of
        :class:`~fashion_mmpose.synthetic.Parsing`.
        """
        return parsing_map(self.stack, self.image.shape[1::-1])


def _anchor(name: str) -> str:
    """Silhouettes call every lower edge a hem."""
    return name.replace('top_hem', 'hem').replace('hemline', 'hem')


@same_on_all_processors()
def draw_fashionai(category: str, seed: int, index: int) -> Drawing:
    """Draw one picture.

    Args:
        category: A FashionAI category.
        seed: Seed of the set, 0 or above.
        index: Index of the picture in its category, 0 or above.

    Returns:
        Drawing: The same for the same arguments.

    Raises:
        ValueError: If the category does not exist or a number is negative.
    """
    spec = garment('fashionai', category)
    rng = np.random.default_rng([seed, spec.category_id, index])
    size_wh = choose(rng, _SIZES)
    outfit = sample_outfit(rng, category)
    names = [_anchor(name) for name in keypoints('fashionai')]
    fill = min(max(rng.normal(*_FILL[category]), 0.3), 0.95)
    if rng.random() < _CUT_SHARE:
        fill = rng.uniform(1.05, 1.3)
    flat = outfit.wearer.looks is None
    own = [names[channel] for channel in spec.channels]
    points = outfit.anchors(own)
    ends = outfit.anchors(own[i] for i in spec.normalizer)
    camera = sample_camera(rng, points, ends, size_wh, fill, 30 if flat else 15)

    image, backdrop = sample_background(rng, size_wh)
    if rng.random() < _TEXT_SHARE:
        write_text(rng, image)
    light = rng.normal(0, 1, 2) * (1.0, 0.4) - (0.0, 1.2)
    canvas = Canvas(image, camera, light / np.linalg.norm(light), rng)
    layers = dress_up(rng, outfit, camera.unit, backdrop)
    layers += sample_occluders(rng, outfit.wearer, camera, size_wh)
    for layer in layers:
        canvas.draw(layer)

    found = np.full((len(names), 3), -1)
    exact = np.full((len(names), 2), np.nan)
    parts: list[str | None] = [None] * len(names)
    for channel in spec.channels:
        hit = outfit.anchor(names[channel])
        if hit is None:
            continue
        part, position = hit
        parts[channel] = part
        exact[channel] = camera.project(position[None])[0]
        pixel = np.round(exact[channel]).astype(int)
        labelled = rng.random() >= _UNLABELLED_SHARE
        if labelled and (pixel >= 0).all() and (pixel < size_wh).all():
            visible = not canvas.hidden(exact[channel], part)
            found[channel] = *pixel, int(visible)
    image = photograph(rng, canvas.image)
    return Drawing(image, found, exact, parts, canvas.stack)


def image_id(category: str, seed: int, index: int) -> str:
    """Path of a picture below the data folder, in the benchmark's form."""
    name = hashlib.md5(f'{seed}/{category}/{index}'.encode()).hexdigest()
    return f'Images/{category}/{name}.jpg'


def _write_one(
    task: tuple[str, int], out_dir: Path, seed: int, parsing: bool
) -> np.ndarray:
    category, index = task
    drawing = draw_fashionai(category, seed, index)
    quality = int(np.random.default_rng([seed, index]).integers(45, 96))
    name = image_id(category, seed, index)
    write_picture(out_dir / name, drawing.image, quality)
    if parsing:
        write_picture(out_dir / map_of(name), drawing.parsing)
    return drawing.keypoints


def write_fashionai(
    out_dir: str | os.PathLike,
    categories: Sequence[str],
    num: int,
    seed: int = 0,
    workers: int = 1,
    overwrite: bool = False,
    parsing: bool = False,
) -> Path:
    """Draw a set of pictures in the benchmark's own raw layout.

    Writes ``Images/<category>/<32 hex digits>.jpg`` and
    ``Annotations/annotations.csv`` when all of them are drawn, and
    ``Parsing/<category>/<32 hex digits>.png`` if they are asked for. The same arguments
    give the same bytes, whatever the number of workers.

    Args:
        out_dir: Folder to write to; it is made if it is missing.
        categories: FashionAI categories.
        num: Pictures per category.
        seed: Seed of the set, 0 or above.
        workers: Processes; with more than one, a script that calls this needs the
            usual ``if __name__ == '__main__'``.
        overwrite: Write even if the folder already has annotations, or maps of these
            pictures, which are then replaced or removed; pictures and maps of other
            names stay.
        parsing: Write human parsing maps, too: PNG files of one channel, of the
            pictures' sizes, whose values are those of
            :class:`~fashion_mmpose.synthetic.Parsing`.

    Returns:
        Path: The CSV.

    Raises:
        FileExistsError: If the folder has one of these and ``overwrite`` is not set.
        ValueError: If a category does not exist or a number is out of range.
    """
    out_dir = Path(out_dir)
    csv = out_dir / 'Annotations' / 'annotations.csv'
    if num < 1 or seed < 0 or workers < 1:
        raise ValueError(
            f'num and workers must be at least 1 and seed at least 0, not num={num}, '
            f'workers={workers}, seed={seed}'
        )
    for category in categories:
        garment('fashionai', category)
    if csv.exists() and not overwrite:
        raise FileExistsError(
            f'{csv} already exists; choose another folder or overwrite it'
        )
    tasks = [(category, index) for category in categories for index in range(num)]
    ids = [image_id(category, seed, index) for category, index in tasks]
    # Maps of pictures that are replaced would be wrong.
    maps = mapped(out_dir, ids)
    if not overwrite:
        refuse_what_is_there(maps, out_dir)
    with drawn_together(out_dir, maps) as folder:
        for category in categories:
            (folder / 'Images' / category).mkdir(parents=True)
        draw = partial(_write_one, out_dir=folder, seed=seed, parsing=parsing)
        drawn = map_in_order(
            draw, tasks, len(tasks), workers, _CHUNK, 'drawing', 'picture'
        )
        points = np.stack(list(drawn))
        unfinished = folder / csv.relative_to(out_dir)
        unfinished.parent.mkdir()
        write_tianchi(unfinished, ids, [category for category, _ in tasks], points)
    return csv
