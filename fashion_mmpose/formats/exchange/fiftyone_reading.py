"""Reads FiftyOne's datasets on disk; see :mod:`.fiftyone`."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from fashion_mmpose import garments
from fashion_mmpose.errors import FormatError
from fashion_mmpose.files.json_file import read_json
from fashion_mmpose.files.pictures.pixels import image_size
from fashion_mmpose.formats.coco.annotations import coco_categories, image_path
from fashion_mmpose.garments.layout import own_points

from .fiftyone import METADATA, SAMPLES, absent, extent, pixels, points_field
from .fiftyone_pairs import Pairs

_SAME_PX = 1e-5  # boxes that differ by less were not moved


@dataclass(frozen=True)
class FiftyOneFolder:
    """A dataset on disk.

    Attributes:
        path: The folder.
        info: What ``metadata.json`` tells; empty where there is none.
        samples: The pictures with their fields.
    """

    path: Path
    info: Mapping[str, Any]
    samples: Sequence[Mapping[str, Any]]

    @classmethod
    def read(cls, path: str | os.PathLike) -> 'FiftyOneFolder':
        """Read a folder.

        Raises:
            FormatError: If it is no such dataset, or one of videos.
            FileNotFoundError: If it has no ``samples.json``.
        """
        folder = Path(path)
        if (folder / 'samples').is_dir():
            raise FormatError(
                f'{path} has its samples in a folder; to fix it: export it again '
                'without use_dirs'
            )
        content = read_json(folder / SAMPLES)
        samples = content.get('samples') if isinstance(content, Mapping) else None
        if not isinstance(samples, list) or not all(
            isinstance(sample, Mapping) and isinstance(sample.get('filepath'), str)
            for sample in samples
        ):
            raise FormatError(
                f'{folder / SAMPLES} is no list of samples with a filepath each; to '
                'fix it: export the dataset as FiftyOneDataset'
            )
        told: Any = {}
        if (folder / METADATA).is_file():
            told = read_json(folder / METADATA)
        told = told if isinstance(told, Mapping) else {}
        if told.get('media_type', 'image') != 'image':
            raise FormatError(
                f'{path} holds {told["media_type"]} samples; to fix it: export those '
                'of images'
            )
        info = told.get('info')
        return cls(folder, info if isinstance(info, Mapping) else {}, samples)

    @property
    def benchmark(self) -> garments.Named | None:
        """Whose garments it says that these are; None where it does not."""
        return self.info.get('benchmark')


@dataclass
class _Numbers:
    """Gives out numbers, those that are wished as long as nobody has them."""

    taken: set[int] = field(default_factory=set)
    _highest: int | None = None

    def one(self, wished: Any) -> int:
        if type(wished) is not int or wished in self.taken:
            if self._highest is None:
                self._highest = max(self.taken, default=0)
            self._highest += 1
            wished = self._highest
        elif self._highest is not None:
            self._highest = max(self._highest, wished)
        self.taken.add(wished)
        return wished


@dataclass(frozen=True)
class FiftyOneReader:
    """Makes COCO's entries of samples.

    Attributes:
        folder: The dataset.
        benchmark: Whose garments these are.
        boxes: The field of the boxes, or of the points where they have none.
        points: The field of the key points.
    """

    folder: FiftyOneFolder
    benchmark: garments.Benchmark
    boxes: str
    points: str

    @classmethod
    def of(
        cls, folder: FiftyOneFolder, benchmark: garments.Benchmark, name: str
    ) -> 'FiftyOneReader':
        """The reader of a field, of boxes or of key points.

        Raises:
            FormatError: If no sample has it.
        """
        for own in (points_field(name), name):
            if any(_kind(sample.get(own)) == 'Keypoints' for sample in folder.samples):
                return cls(folder, benchmark, name, own)
        known = {
            key
            for sample in folder.samples
            for key, value in sample.items()
            if _kind(value) == 'Keypoints'
        }
        raise FormatError(
            f'{folder.path}: no sample has key points in {points_field(name)!r} or '
            f'{name!r}; fields with key points: {sorted(known) or "none"}'
        )

    def images(self) -> list[dict]:
        """The pictures as COCO's ``images``, numbered in their order where new.

        New ones are named by their paths below the folder that they have in common.

        Raises:
            FormatError: If two pictures would have one name.
        """
        wished = [_mapping(sample, 'coco') for sample in self.folder.samples]
        numbers = _Numbers({own['id'] for own in wished if type(own.get('id')) is int})
        held: set[int] = set()
        images = []
        names = _file_names(self.folder, wished)
        for sample, own, name in zip(self.folder.samples, wished, names):
            number = own.get('id')
            if type(number) is not int or number in held:
                number = numbers.one(None)
            held.add(number)
            width, height = self._size(sample)
            images.append(
                dict(own, id=number, file_name=name, width=width, height=height)
            )
        return images

    def annotations(self, images: Sequence[Mapping]) -> list[dict]:
        """The garments as COCO's ``annotations``, K key points each, by their ids.

        Boxes without key points are garments without labelled points.

        Args:
            images: See :meth:`images`.

        Raises:
            FormatError: If a label is no category, has another number of points, or it
                is unclear which box and points belong together.
        """
        read = [
            entry
            for sample, image in zip(self.folder.samples, images)
            for entry in self._garments(sample, image)
        ]
        kept = {own['id'] for _, own, _ in read if type(own.get('id')) is int}
        numbers = _Numbers(kept)
        held: set[int] = set()
        annotations = []
        for entry, own, moved in read:
            number = own.get('id')
            if type(number) is not int or number in held:
                number = numbers.one(None)
            held.add(number)
            labelled = sum(v > 0 for v in entry['keypoints'][2::3])
            _, _, width, height = entry['bbox']
            area = width * height if moved else own.get('area', width * height)
            told = dict(iscrowd=0) | own
            told |= dict(entry, id=number, num_keypoints=labelled, area=area)
            annotations.append(told)
        return sorted(annotations, key=lambda each: each['id'])

    def results(self, images: Sequence[Mapping]) -> list[dict]:
        """The garments as entries of a result list; see :meth:`annotations`.

        A result list has a place for every point, so that boxes without key points are
        left out; see :meth:`left_out`.
        """
        found = []
        for sample, image in zip(self.folder.samples, images):
            for entry, own, _ in self._garments(sample, image, is_predicted=True):
                found.append(dict(own, **entry))
        return found

    def content(self, images: Sequence[Mapping]) -> dict:
        """The COCO file: pictures, garments and categories, each with its points.

        The categories are those of the dataset, and those that garments have got since.
        """
        rest = _mapping(self.folder.info, 'coco')
        listed = self.folder.info.get('categories') or garments.categories(
            self.benchmark
        )
        annotations = self.annotations(images)
        occurring = {entry['category_id'] for entry in annotations}
        kinds = self.benchmark.garments.values()
        new = [kind.name for kind in kinds if kind.category_id in occurring]
        held = garments.in_order(self.benchmark, [*listed, *new])
        categories = [
            entry for name in held for entry in coco_categories(self.benchmark, name)
        ]
        return dict(
            rest,
            images=list(images),
            annotations=annotations,
            categories=categories,
        )

    def left_out(self, is_predicted: bool = False) -> int:
        """How many boxes without key points become no garment.

        Args:
            is_predicted: Whether predictions are read, which all need key points; of
                annotated boxes, those that may be of key points without a box.
        """
        pairs = [self._pairs(sample) for sample in self.folder.samples]
        bare = sum(len(each.bare) for each in pairs) if is_predicted else 0
        return bare + sum(len(each.unclear) for each in pairs)

    def _size(self, sample: Mapping) -> tuple[int, int]:
        told = _mapping(sample, 'metadata')
        if type(told.get('width')) is int and type(told.get('height')) is int:
            return told['width'], told['height']
        return image_size(self.folder.path / sample['filepath'])

    def _garments(
        self, sample: Mapping, image: Mapping, is_predicted: bool = False
    ) -> list[tuple[dict, dict, bool]]:
        """Entries, what stood in their ``coco``, and whether the box was moved."""
        pairs = self._pairs(sample)
        bare = [] if is_predicted else [(box, None) for box in pairs.bare]
        found = []
        for place, (box, entry) in enumerate([*pairs.whole, *bare], 1):
            where = f'{self.folder.path}: {sample["filepath"]}, garment {place}'
            label = box.get('label') or (entry or {}).get('label')
            kind = self._category(label, where)
            if entry is not None:
                points = _points(entry, kind, image, where, is_predicted)
            elif box.get('bounding_box') is not None:
                points = np.zeros((len(kind.keypoints), 3))
            else:
                raise FormatError(f'{where} has neither a bounding_box nor key points')
            own, bbox, moved = _box(box, points, image, where)
            if 'category' in own:  # it may have got another label
                own['category'] = kind.name
            told: dict[str, Any] = dict(
                image_id=image['id'],
                category_id=kind.category_id,
                bbox=bbox,
                keypoints=points.ravel().tolist(),
            )
            if is_predicted:
                scores = box.get('confidence'), own.get('score'), 1.0
                told['score'] = float(next(s for s in scores if s is not None))
            found.append((told, own, moved))
        return found

    def _pairs(self, sample: Mapping) -> Pairs:
        return Pairs.of(
            _listed(sample, self.boxes, 'detections'),
            _listed(sample, self.points, 'keypoints'),
            f'{self.folder.path}: {sample["filepath"]}',
        )

    def _category(self, label: Any, where: str) -> garments.Garment:
        if label not in self.benchmark.garments:
            raise FormatError(
                f'{where}: {label!r} is no category of {self.benchmark.name}; choose '
                f'from {", ".join(self.benchmark.garments)}'
            )
        return self.benchmark.garments[label]


def _file_names(folder: FiftyOneFolder, wished: Sequence[Mapping]) -> list[str]:
    """Names of the pictures: those that they had, and of new ones their paths.

    Args:
        folder: The dataset.
        wished: What stood in ``coco`` of each picture.

    Raises:
        FormatError: If a new one would have the name of another picture.
    """
    files = [os.path.abspath(folder.path / s['filepath']) for s in folder.samples]
    named: dict[str, str] = {}
    roots = set()
    for file, own in zip(files, wished):
        if own.get('file_name'):
            inner = image_path(own)
            named[inner] = file
            if file.endswith(os.sep + inner):
                roots.add(file[: -len(inner)])
    new = [file for file, own in zip(files, wished) if not own.get('file_name')]
    root = os.path.commonpath([os.path.dirname(file) for file in new]) if new else ''
    # New pictures that lie among the others are named as these are.
    if len(roots) == 1 and all(file.startswith(*roots) for file in new):
        (root,) = roots
    names = []
    for file, own in zip(files, wished):
        name = own.get('file_name')
        if not name:
            name = Path(os.path.relpath(file, root)).as_posix()
            if named.setdefault(name, file) != file:
                raise FormatError(
                    f'{folder.path}: {named[name]} and {file} would both be the '
                    f'picture {name!r}; to fix it: export them with paths below one '
                    'folder, or rename one'
                )
        names.append(name)
    return names


def _points(
    entry: Mapping,
    kind: garments.Garment,
    image: Mapping,
    where: str,
    is_predicted: bool,
) -> np.ndarray:
    """x, y in pixels, and COCO's visibility or the score; shape (K, 3)."""
    size = image['width'], image['height']
    pairs = entry.get('points')
    third = entry.get('confidence' if is_predicted else 'visibility')
    if not isinstance(pairs, list) or not all(
        isinstance(pair, list) and len(pair) == 2 for pair in pairs
    ):
        raise FormatError(f'{where} has no points of two numbers each')
    default = 1.0 if is_predicted else 2
    if not isinstance(third, list) or len(third) != len(pairs):
        third = [default] * len(pairs)
    rows = []
    for pair, value in zip(pairs, third):
        if any(absent(number) for number in pair):
            rows.append((0.0, 0.0, 0))
            continue
        value = default if value is None else value
        # Somebody has put a point that was not labelled into its place.
        rows.append((*pixels(pair, size), value or (0 if is_predicted else default)))
    points = own_points(np.array(rows, float).reshape(-1, 3), kind, where)
    if is_predicted and (points[:, 2] > 0).any():
        # A result list has a place for every point.
        lost = (points == 0).all(axis=1)
        points[lost, :2] = points[points[:, 2] > 0, :2].mean(axis=0)
    return points


def _box(
    box: Mapping, points: np.ndarray, image: Mapping, where: str
) -> tuple[dict, list[float], bool]:
    """What stood in ``coco``, the box, and whether it is another than that had."""
    own = _mapping(box, 'coco')
    shares = box.get('bounding_box')
    if shares is None:
        return own, extent(points), True
    if not isinstance(shares, list) or len(shares) != 4 or any(map(absent, shares)):
        raise FormatError(f'{where}: its bounding_box is not four numbers')
    bbox = pixels(shares, (image['width'], image['height']) * 2)
    before = own.get('bbox')
    if before is not None and np.allclose(before, bbox, rtol=0, atol=_SAME_PX):
        return own, before, False
    return own, bbox, True


def _mapping(told: Mapping, name: str) -> dict:
    value = told.get(name)
    return dict(value) if isinstance(value, Mapping) else {}


def _kind(value: Any) -> str | None:
    return value.get('_cls') if isinstance(value, Mapping) else None


def _listed(sample: Mapping, name: str, key: str) -> list[Mapping]:
    entries = _mapping(sample, name).get(key)
    if not isinstance(entries, list):
        return []
    return [entry for entry in entries if isinstance(entry, Mapping)]
