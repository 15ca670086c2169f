"""YOLO's pose data: text files beside pictures, written, and predictions read.

A line is a garment: its class, the box's centre and size, and x, y, v of every key
point (a prediction: x, y and score, then the box's score), all as fractions of the
picture.
All classes have one number of key points, so those of several categories are in the
benchmark's full layout, whose mirrors ``flip_idx`` gives; points of other categories
are 0, 0, 0.

What the form does not hold is lost: ids, crowds, masks, styles, areas other than the
box's, and landmarks and parts of boxes outside of the picture, because such a line
makes Ultralytics refuse the picture.
"""

import os
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import yaml

from fashion_mmpose import garments
from fashion_mmpose.errors import FormatError
from fashion_mmpose.files.folders import files_below
from fashion_mmpose.files.writing.outputs import OutputFiles
from fashion_mmpose.formats.coco.columns import GarmentColumns
from fashion_mmpose.garments.layout import full_layout, own_points

DATA_FILE = 'data.yaml'
_DIGITS = 8  # of a fraction: a ten-thousandth of a pixel in any picture


@dataclass(frozen=True)
class YoloNames:
    """Classes and key points as the text files number them.

    Attributes:
        benchmark: The benchmark.
        categories: Names of the classes, by their numbers from 0.
        keypoints: Names of the key points of every class.
        full: Whether these are the benchmark's full layout.
    """

    benchmark: garments.Benchmark
    categories: tuple[str, ...]
    keypoints: tuple[str, ...]
    full: bool

    @classmethod
    def of(cls, benchmark: garments.Named, categories: Sequence[str]) -> 'YoloNames':
        """The names for some categories of a benchmark, in its order."""
        whole = garments.benchmark(benchmark)
        held = garments.in_order(whole, categories)
        full = len(held) > 1
        names = whole.keypoints if full else whole.garments[held[0]].keypoints
        return cls(whole, held, tuple(names), full)

    @property
    def flip(self) -> list[int]:
        """Where each key point is in a mirrored picture, ``flip_idx``."""
        places = list(range(len(self.keypoints)))
        for name in self.categories:
            garment = self.benchmark.garments[name]
            channels = garment.channels if self.full else range(len(garment.flip))
            for point, mirror in zip(channels, garment.flip):
                places[point] = channels[mirror]
        return places

    def data(self, **places: str) -> str:
        """The text of ``data.yaml``.

        Args:
            **places: Folders of pictures below it, such as ``train='images'``.
        """
        content = dict(
            places,
            kpt_shape=[len(self.keypoints), 3],
            flip_idx=self.flip,
            names=dict(enumerate(self.categories)),
            kpt_names={i: list(self.keypoints) for i in range(len(self.categories))},
        )
        return yaml.safe_dump(content, sort_keys=False, default_flow_style=None)


def annotation_lines(truth: GarmentColumns, names: YoloNames) -> tuple[dict, int]:
    """The text files of annotated pictures.

    Args:
        truth: The annotated garments, points in float64.
        names: See :meth:`YoloNames.of`.

    Returns:
        tuple: Text by the picture's file name, ``''`` for one without garments; and how
        many labelled landmarks are outside of their picture, and left out.

    Raises:
        FormatError: If a garment's category is none of the names, or two pictures have
            one file name.
    """
    lines = _no_lines(truth.images.file_names)
    rows = truth.images.rows(truth.image_ids)
    sizes = truth.images.sizes_wh
    outside = 0
    for item, row in enumerate(rows.tolist()):
        size = sizes[row].astype(float)
        points = truth.points[truth.starts[item] : truth.starts[item + 1]].copy()
        out = ((points[:, :2] < 0) | (points[:, :2] > size)).any(axis=1)
        outside += int((out & (points[:, 2] > 0)).sum())
        points[out | (points[:, 2] == 0)] = 0
        garment = garments.category_of_id(
            names.benchmark, int(truth.category_ids[item])
        )
        x, y, width, height = truth.boxes[item]
        low = np.clip((x, y), 0, size)
        high = np.clip((x + width, y + height), 0, size)
        box = np.concatenate((low, high - low))
        where = f'annotation {truth.ids[item]}'
        if not (high > low).all():
            raise FormatError(
                f'{where}: its box {truth.boxes[item].tolist()} has no area in its '
                'picture; to fix it: correct it or leave it out'
            )
        line = _line(garment, box, points, size, names, where)
        lines[truth.images.file_names[row]].append(line)
    return {name: '\n'.join(each) for name, each in lines.items()}, outside


def prediction_lines(
    entries: Sequence[Mapping],
    images: Mapping[int, tuple[str, tuple[int, int]]],
    names: YoloNames,
) -> dict[str, str]:
    """The text files of predictions, as Ultralytics saves them with confidences.

    Args:
        entries: A result list; without ``bbox`` the box is the extent of the points.
        images: File name, and width and height in pixels, of every image by its id.
        names: See :meth:`YoloNames.of`.

    Returns:
        dict: Text by the picture's file name, ``''`` for one without predictions: with
        a file of its own it cannot be taken for another one of its base name.

    Raises:
        FormatError: If an entry's category is none of the names, or two pictures have
            one file name.
    """
    lines = _no_lines([name for name, _ in images.values()])
    for entry in entries:
        where = f'a prediction for image {entry["image_id"]}'
        garment = garments.category_of_id(names.benchmark, entry['category_id'])
        points = np.array(entry['keypoints'], float).reshape(-1, 3)
        own = own_points(points, garment, f'image {entry["image_id"]}')
        name, size = images[entry['image_id']]
        low, high = own[:, :2].min(axis=0), own[:, :2].max(axis=0)
        box = entry.get('bbox') or (*low, *(high - low))
        line = _line(garment, np.array(box), own, np.array(size, float), names, where)
        lines[name].append(f'{line} {_text(entry["score"])}')
    return {name: '\n'.join(each) for name, each in lines.items()}


def _no_lines(file_names: Sequence[str]) -> dict[str, list[str]]:
    name, count = max(
        Counter(file_names).items(), key=lambda item: item[1], default=('', 0)
    )
    if count > 1:
        raise FormatError(
            f'{count} images are called {name}, and YOLO has one text file of a '
            'picture; to fix it: make one image of them, with the garments of all'
        )
    return {name: [] for name in file_names}


def _line(
    garment: garments.Garment,
    box_xywh: np.ndarray,
    points: np.ndarray,
    size_wh: np.ndarray,
    names: YoloNames,
    where: str,
) -> str:
    if garment.name not in names.categories:
        raise FormatError(
            f'{where} is of category {garment.name!r}, which the COCO file does not '
            f'list ({", ".join(names.categories)}); to fix it: list it in categories, '
            'as each class of YOLO is one of them'
        )
    fractions = points.copy()
    fractions[:, :2] /= size_wh
    if names.full:
        fractions = full_layout(fractions, garment, absent=0)
    corner, sides = box_xywh[:2] / size_wh, box_xywh[2:] / size_wh
    numbers = (*(corner + sides / 2), *sides, *fractions.ravel())
    return ' '.join([str(names.categories.index(garment.name)), *map(_text, numbers)])


def _text(value: float) -> str:
    return f'{value:.{_DIGITS}f}'.rstrip('0').rstrip('.') or '0'


def write_yolo(
    folder: str | os.PathLike, texts: Mapping[str, str], data: str | None
) -> list[Path]:
    """Write ``labels/`` and, for annotations, ``data.yaml``; all files or none.

    Args:
        folder: Where ``images/`` is, or is to be, with the pictures. Of annotations, a
            text file lies where Ultralytics looks for it: ``labels`` stands for the
            last ``images`` in the path of its picture.
        texts: See :func:`annotation_lines`.
        data: Text of ``data.yaml``; None for predictions.

    Returns:
        list[Path]: The text files.

    Raises:
        FormatError: If two pictures differ in their suffixes only, or predictions would
            replace the text files of annotations.
    """
    root = Path(folder)
    if data is None and (root / DATA_FILE).exists():
        raise FormatError(
            f'{root} holds annotations, which its {DATA_FILE} describes, and '
            'predictions would replace their text files; to fix it: choose another '
            'folder'
        )
    files: dict[Path, str] = {}
    for name, text in texts.items():
        inner = _label_place(name) if data is not None else Path('labels', name)
        path = root / inner.with_suffix('.txt')
        if path in files:
            raise FormatError(
                f'{name}: another picture has the text file {path}, too; to fix it: '
                'give the pictures names that differ without their suffixes'
            )
        files[path] = text
    with OutputFiles() as outputs:
        for path, text in files.items():
            # No system keeps as many files open as a set has pictures.
            with outputs.open(path) as file:
                file.write(f'{text}\n' if text else '')
        if data is not None:
            outputs.open(root / DATA_FILE).write(data)
    return list(files)


def texts_of_others(folder: str | os.PathLike, written: Collection[Path]) -> list[Path]:
    """The text files of labels of pictures that :func:`write_yolo` was not given.

    An export before may have left them, and Ultralytics reads those of every picture
    that is there.

    Args:
        folder: See there.
        written: What it returned.
    """
    own = set(written)
    paths = map(Path, files_below(folder, {'.txt'}))
    return [
        path
        for path in paths
        if path not in own and 'labels' in path.relative_to(folder).parts[:-1]
    ]


def _label_place(name: str) -> Path:
    """The path of a picture in ``images``, with labels for the last images."""
    parts = ['images', *Path(name).parts]
    last = max(i for i, part in enumerate(parts[:-1]) if part == 'images')
    return Path(*parts[:last], 'labels', *parts[last + 1 :])


# --------------------------------------------------------------------- predictions


def read_predictions(
    folder: str | os.PathLike,
    names: YoloNames,
    images: Mapping[int, tuple[str, tuple[int, int]]],
) -> tuple[list[dict], int]:
    """Read the text files of predictions, Ultralytics' or those of :func:`write_yolo`.

    Args:
        folder: The text files; each has the name of its picture, with or without the
            folders that the picture lies in.
        names: What the numbers in them mean.
        images: File name, and width and height in pixels, of every image by its id.

    Returns:
        tuple: A result list with the own key points of each garment, where key points
        without scores score 1; and how many text files are of no picture, and left out.

    Raises:
        FileNotFoundError: If there is no such folder.
        FormatError: If a line is no prediction, a text file is of several pictures, or
            none is of a picture; the message names file and line.
    """
    root = Path(folder)
    if not root.is_dir():
        raise FileNotFoundError(f'{root} does not exist, or is not a folder')
    entries = []
    files = _prediction_files(root, images)
    for image_id, path in files.items():
        _, size = images[image_id]
        for number, line in enumerate(path.read_text('utf-8').splitlines(), 1):
            if line.strip():
                where = f'{path}, line {number}'
                entries.append(_prediction(where, line, image_id, size, names))
    held = {*map(Path, files_below(root, {'.txt'}))}
    strangers = held - {*files.values()}
    if not files:
        first = f', such as {min(strangers)}' if strangers else ''
        raise FormatError(
            f'{root}: none of its {len(strangers)} text files{first} has the name of '
            'one of the pictures; to fix it: give the folder of the text files and '
            'the COCO file of the pictures that they are for'
        )
    return entries, len(strangers)


def _prediction_files(
    root: Path, images: Mapping[int, tuple[str, tuple[int, int]]]
) -> dict[int, Path]:
    """The text file of each image that has one, by the image's id."""
    stems = {i: Path(name).with_suffix('.txt') for i, (name, _) in images.items()}
    whole = Counter(stems.values())
    bare = Counter(stem.name for stem in stems.values())
    files = {}
    for image_id, stem in stems.items():
        path, sharing = root / stem, whole[stem]
        if not path.is_file():
            path, sharing = root / stem.name, bare[stem.name]
        if not path.is_file():
            continue
        # Predictions of one picture would become those of the others, too.
        if sharing > 1:
            raise FormatError(
                f'{path} may be of any of {sharing} pictures, such as '
                f'{images[image_id][0]}; to fix it: predict the pictures of each '
                'folder on their own, and put their text files into folders of the '
                "pictures' names"
            )
        files[image_id] = path
    return files


def _prediction(
    where: str, line: str, image_id: int, size: tuple[int, int], names: YoloNames
) -> dict:
    try:
        numbers = np.array(line.split(), float)
    except ValueError:
        raise FormatError(f'{where}: {line[:60]!r} is no line of numbers') from None
    num = len(names.keypoints)
    dims = {6 + 2 * num: 2, 6 + 3 * num: 3}.get(len(numbers))
    if dims is None or not np.isfinite(numbers).all():
        raise FormatError(
            f'{where} has {len(numbers)} numbers, expected {6 + 3 * num}: the class, 4 '
            f'of the box, 3 of each of {num} key points, and the score; to fix it: '
            'save with save_txt=True, save_conf=True'
        )
    label = int(numbers[0])
    if label != numbers[0] or not 0 <= label < len(names.categories):
        raise FormatError(
            f'{where}: class {numbers[0]:g} is not one of {len(names.categories)}'
        )
    garment = names.benchmark.garments[names.categories[label]]
    points = np.ones((num, 3))
    points[:, :dims] = numbers[5:-1].reshape(num, dims)
    points[:, :2] *= size
    own = own_points(points, garment, where) if names.full else points
    center, sides = numbers[1:3] * size, numbers[3:5] * size
    return dict(
        image_id=image_id,
        category_id=garment.category_id,
        bbox=np.concatenate((center - sides / 2, sides)).round(4).tolist(),
        score=float(numbers[-1]),
        keypoints=own.round(4).ravel().tolist(),
    )
