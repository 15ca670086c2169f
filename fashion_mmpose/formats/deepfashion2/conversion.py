"""DeepFashion2's raw annotations to COCO JSON, picture by picture."""

import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, TextIO

import msgspec

from fashion_mmpose import garments
from fashion_mmpose.errors import FormatError
from fashion_mmpose.files.json_file import JsonList, encode
from fashion_mmpose.files.parallel import map_in_order
from fashion_mmpose.files.pictures.pixels import image_size
from fashion_mmpose.files.writing.outputs import OutputFiles
from fashion_mmpose.formats.coco.annotations import coco_categories
from fashion_mmpose.version import __version__

from .geometry import check_against_picture, misplaced
from .raw import BENCHMARK, RawItem, compact, read_raw

_NAME = re.compile(r'\d+')
_CHUNK = 64  # pictures that a process takes at a time
_INFO = {
    'description': 'DeepFashion2 landmarks',
    'version': __version__,
    'dataset': BENCHMARK,
}


@dataclass
class Converted:
    """What was written.

    Attributes:
        files: The JSON files.
        num_images: Pictures in each of them.
        num_items: Garments by category, in the table's order.
        skipped: What was left out, and why.
        notes: What was kept, though it leads out of its picture.
        strangers: Files of the folders that are no annotations or pictures.
    """

    files: list[Path] = field(default_factory=list)
    num_images: int = 0
    num_items: dict[str, int] = field(default_factory=dict)
    skipped: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    strangers: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Picture:
    """A converted picture, already as text: what a process hands back is short."""

    image: bytes
    items: tuple[tuple[int, bytes, bytes], ...]  # category id, 294 points, K points
    problems: tuple[str, ...]
    notes: tuple[str, ...] = ()
    num_labelled: int = 0  # garments with landmarks
    misplaced: tuple[str, ...] = ()  # those whose box is elsewhere


def convert(
    annotation_dir: str | os.PathLike,
    image_dir: str | os.PathLike,
    out_file: str | os.PathLike,
    limit: int | None = None,
    categories: Sequence[str] | None = None,
    split_categories: bool = False,
    workers: int = 1,
    skip_bad: bool = False,
) -> Converted:
    """Convert a folder of annotations; memory does not grow with it.

    An image's id is the number in its file's name; an annotation's id counts the
    garments, from 1, in the order of the images and of the items. Garments that
    ``categories`` leaves out are counted, too, so that ids agree with those of the
    whole file; what ``skip_bad`` leaves out is not. All images are listed in every
    file, and garments without landmarks are kept.

    Args:
        annotation_dir: Folder of ``000001.json`` and so on.
        image_dir: Folder of ``000001.jpg`` and so on.
        out_file: The JSON, in the layout of 294 landmarks.
        limit: The first pictures only, by their numbers; None for all.
        categories: The categories to keep; None for all.
        split_categories: Whether to write ``<out_file>_<category>.json``, in the layout
            of the category's K landmarks, as well.
        workers: Processes that read files.
        skip_bad: Whether to leave out garments and pictures with something wrong.

    Returns:
        Converted: What was written.

    Raises:
        FormatError: If an annotation or a picture is not what it should be, or they do
            not fit: the message names the file and the field; or if none is left.
            Nothing is written then.
        OSError: If a folder is missing.
        ValueError: If a category does not exist.
    """
    chosen = _chosen(categories)
    done = Converted(num_items=dict.fromkeys((g.name for g in chosen.values()), 0))
    names = _numbered(annotation_dir, '.json', limit, done.strangers)
    tasks = (
        (number, Path(annotation_dir) / f'{name}.json', Path(image_dir) / f'{name}.jpg')
        for number, name in names
    )
    with OutputFiles() as outputs:
        whole = _CocoFile(outputs, Path(out_file), coco_categories(BENCHMARK))
        split = {}
        if split_categories:
            for category_id, garment in chosen.items():
                path = Path(out_file)
                path = path.with_name(f'{path.stem}_{garment.name}{path.suffix}')
                entries = coco_categories(BENCHMARK, garment.name)
                split[category_id] = _CocoFile(outputs, path, entries)
        written = [whole, *split.values()]
        count = num_labelled = 0
        off: list[str] = []
        work = partial(_convert_picture, split=split_categories, skip_bad=skip_bad)
        for picture in _each(work, tasks, len(names), workers):
            done.skipped += picture.problems
            done.notes += picture.notes
            off += picture.misplaced
            num_labelled += picture.num_labelled
            if not picture.image:
                continue
            for file in written:
                file.images.append(picture.image)
            for category_id, full, own in picture.items:
                count += 1
                if category_id in chosen:
                    done.num_items[chosen[category_id].name] += 1
                    whole.write(count, full)
                    if split:
                        split[category_id].write(count, own)
        _refuse_nothing(annotation_dir, whole.images, done.skipped)
        if off and 2 * len(off) >= num_labelled:
            raise FormatError(
                f'{off[0]}, and so have {len(off)} of {num_labelled} '
                'garments; to fix it: write x1, y1, x2, y2, not x, y, width, height'
            )
        done.notes += off
        for file in written:
            file.close()
    done.files = [file.path for file in written]
    done.num_images = len(whole.images)
    return done


def convert_images(
    image_dir: str | os.PathLike,
    out_file: str | os.PathLike,
    limit: int | None = None,
    workers: int = 1,
    skip_bad: bool = False,
) -> Converted:
    """List a folder of pictures, such as the test set, whose annotations are secret.

    Arguments, result and errors are those of :func:`convert`.
    """
    done = Converted()
    names = _numbered(image_dir, '.jpg', limit, done.strangers)
    tasks = ((number, Path(image_dir) / f'{name}.jpg') for number, name in names)
    with OutputFiles() as outputs:
        file = _CocoFile(outputs, Path(out_file), coco_categories(BENCHMARK))
        work = partial(_list_picture, skip_bad=skip_bad)
        for image, problem in _each(work, tasks, len(names), workers):
            if problem:
                done.skipped.append(problem)
            else:
                file.images.append(image)
        _refuse_nothing(image_dir, file.images, done.skipped)
        file.close()
    done.files = [file.path]
    done.num_images = len(file.images)
    return done


class _CocoFile:
    """A COCO file whose annotations are written as they come, and its images last."""

    def __init__(self, outputs: OutputFiles, path: Path, categories: list) -> None:
        self.path = path
        self.images: list[bytes] = []
        self._file: TextIO = outputs.open(path)
        head = f'"info":{encode(_INFO)},"categories":{encode(categories)}'
        self._file.write(f'{{{head},"annotations":')
        self._annotations = JsonList(self._file)

    def write(self, annotation_id: int, rest: bytes) -> None:
        """Add an annotation: its id, and the rest of it as JSON."""
        self._annotations.add(f'{{"id":{annotation_id},{rest.decode()}')

    def close(self) -> None:
        self._annotations.close()
        self._file.write(',"images":[')
        self._file.write(b','.join(self.images).decode())
        self._file.write(']}\n')


def _chosen(categories: Sequence[str] | None) -> dict[int, garments.Garment]:
    names = garments.categories(BENCHMARK)
    wanted = {
        garments.garment(BENCHMARK, name).name
        for name in (names if categories is None else categories)
    }
    table = (garments.garment(BENCHMARK, name) for name in names if name in wanted)
    return {garment.category_id: garment for garment in table}


def _numbered(
    folder: str | os.PathLike, suffix: str, limit: int | None, strangers: list[str]
) -> list[tuple[int, str]]:
    """(number, name without suffix) of the folder's files, by number."""
    found = {}
    for name in sorted(os.listdir(folder)):
        stem, extension = os.path.splitext(name)
        if extension != suffix or not _NAME.fullmatch(stem):
            strangers.append(os.path.join(folder, name))
            continue
        if int(stem) in found:
            raise FormatError(
                f'{folder}: {found[int(stem)]}{suffix} and {name} have the same number'
            )
        found[int(stem)] = stem
    if not found:
        raise FormatError(f'{folder} has no file like 000001{suffix}')
    return sorted(found.items())[:limit]


def _refuse_nothing(folder, images: list[bytes], skipped: list[str]) -> None:
    if not images:
        raise FormatError(f'{folder}: no picture is usable; the first: {skipped[0]}')


def _each(
    work: Callable, tasks: Iterable[tuple], total: int, workers: int
) -> Iterator[Any]:
    return map_in_order(work, tasks, total, workers, _CHUNK, 'pictures')


# ----------------------------------------------------------------------- one picture


def _convert_picture(
    task: tuple[int, Path, Path], split: bool, skip_bad: bool
) -> _Picture:
    number, annotation_path, image_file = task
    problems: list[str] = []
    try:
        size = _picture_size(image_file)
        image = _image_entry(number, image_file, size)
        raw = read_raw(annotation_path, problems if skip_bad else None)
        kept = check_against_picture(annotation_path, raw, image_file, size)
    except (FormatError, OSError) as error:
        if not skip_bad:
            raise FormatError(_describe(error)) from None
        return _Picture(b'', (), (f'picture left out: {_describe(error)}',))
    items = tuple(
        (
            item.category_id,
            _annotation(item, raw.pair_id, number, full=True),
            _annotation(item, raw.pair_id, number, full=False) if split else b'',
        )
        for item in raw.items
    )
    left_out = tuple(f'garment left out: {problem}' for problem in problems)
    return _Picture(
        image,
        items,
        left_out,
        tuple(kept),
        sum(any(item.landmarks[2::3]) for item in raw.items),
        tuple(misplaced(annotation_path, raw)),
    )


def _list_picture(task: tuple[int, Path], skip_bad: bool) -> tuple[bytes, str]:
    try:
        number, path = task
        return _image_entry(number, path, _picture_size(path)), ''
    except (FormatError, OSError) as error:
        if not skip_bad:
            raise FormatError(_describe(error)) from None
        return b'', f'picture left out: {_describe(error)}'


def _describe(error: Exception) -> str:
    if isinstance(error, OSError) and error.filename:
        return f'{error.filename}: {error.strerror}'
    return str(error)


def _picture_size(path: Path) -> tuple[int, int]:
    try:
        return image_size(path)
    except FileNotFoundError:
        raise
    except (OSError, ValueError) as error:
        raise FormatError(f'{path} is no readable picture: {error}') from None


def _image_entry(number: int, path: Path, size: tuple[int, int]) -> bytes:
    width, height = size
    entry = dict(id=number, file_name=path.name, width=width, height=height)
    return msgspec.json.encode(entry)


def _annotation(item: RawItem, pair_id: int, number: int, full: bool) -> bytes:
    """The annotation as JSON, without its opening brace and its id."""
    garment = garments.category_of_id(BENCHMARK, item.category_id)
    x1, y1, x2, y2 = item.bounding_box
    width, height = x2 - x1, y2 - y1
    own = _compact(item.landmarks)
    if full:
        total = 3 * len(garments.keypoints(BENCHMARK))
        before = 3 * garment.channels[0]
        own = [0] * before + own + [0] * (total - before - len(own))
    entry = dict(
        image_id=number,
        category_id=item.category_id,
        bbox=_compact((x1, y1, width, height)),
        # The benchmark's score takes the box's area, not that of the polygons.
        area=compact(width * height),
        iscrowd=0,
        num_keypoints=sum(v > 0 for v in item.landmarks[2::3]),
        keypoints=own,
        style=item.style,
        pair_id=pair_id,
        segmentation=[_compact(polygon) for polygon in item.segmentation],
    )
    return msgspec.json.encode(entry)[1:]


def _compact(numbers: Iterable) -> list:
    return [compact(number) for number in numbers]
