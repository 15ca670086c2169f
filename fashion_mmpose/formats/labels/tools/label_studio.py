"""Label Studio's JSON export."""

import math
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from fashion_mmpose.errors import FormatError
from fashion_mmpose.files.json_file import read_json
from fashion_mmpose.files.pictures.formats import PICTURE_SUFFIXES
from fashion_mmpose.formats.category_names import plain
from fashion_mmpose.formats.labels.labelled import (
    OCCLUDED_WORDS,
    Faults,
    LabelledGarment,
    LabelledImage,
    Labels,
    Point,
    add_point,
    extent,
    number,
    pixels,
    text,
    visibility,
)

_IMAGE_KEYS = ('image', 'img', 'picture', 'url')
_UPLOAD = re.compile(r'[0-9a-f]{8}-')  # what the server puts before an upload's name
_LABELS = ('rectanglelabels', 'keypointlabels', 'labels')

_REGIONS = frozenset('rectanglelabels rectangle keypointlabels keypoint'.split())
_READ = _REGIONS | {'labels', 'choices', 'relation'}

Result = Mapping[str, Any]


def is_label_studio(content: Any) -> bool:
    """Whether a JSON's content is Label Studio's, in full or shortened."""
    return (
        isinstance(content, list)
        and bool(content)
        and all(isinstance(task, dict) for task in content)
        and bool({'annotations', 'completions', 'annotation_id'} & content[0].keys())
    )


def read_label_studio(path: str | os.PathLike, *, skip_bad: bool = False) -> Labels:
    """Read rectangles and the key points in them; positions are per cent.

    A rectangle is a garment, its label the category. A key point is of the rectangle
    that is its parent, that a relation joins it to, that is the only one of the
    picture, or that alone holds it. It is occluded if a choice of its region says so
    (``occluded`` or ``hidden``). The picture is what ``data`` has under ``image``,
    ``img``, ``picture`` or ``url``, or else the first text that ends like a picture's
    name, or the first one.

    Args:
        path: The JSON.
        skip_bad: Leave out tasks that cannot be read, and list them in the notes.
            Defaults to False.

    Raises:
        FormatError: If it is no such file; the message names the task and the region.
        OSError: If it cannot be opened.
    """
    path = os.fspath(path)
    content = read_json(path)
    if not is_label_studio(content):
        raise FormatError(f"{path} is no list of Label Studio's tasks")
    images, unlabelled, several = [], 0, 0
    others: dict[str, int] = {}
    faults = Faults(skip_bad)
    for index, task in enumerate(content):
        where = f'{path}: task {task.get("id", index)}'
        if 'annotations' not in task and 'completions' not in task:
            raise FormatError(
                f'{where} has no annotations; to fix it: export as JSON, not as '
                'JSON-MIN'
            )
        with faults.left_out():
            annotations = _annotations(where, task)
            if not annotations:
                unlabelled += 1
                continue
            images.append(_image(where, task, annotations[0]))
            several += len(annotations) > 1
            for entry in annotations[0]['result']:
                kind = str(entry.get('type')) if isinstance(entry, dict) else '?'
                if kind not in _READ:
                    others[kind] = others.get(kind, 0) + 1
    notes = faults.notes
    if unlabelled:
        notes.append(f'{path}: {unlabelled} tasks without annotation left out')
    if several:
        notes.append(
            f'{path}: {several} tasks have several annotations; the one that is marked '
            'as ground truth was taken, or else the first'
        )
    notes += [
        f'{path}: {count} results of the type {kind} left out: they hold no key points'
        for kind, count in others.items()
    ]
    return Labels(path=path, images=images, notes=notes)


def _annotations(where: str, task: Mapping) -> list[Mapping]:
    """Those that were not cancelled, the best one first."""
    found = task.get('annotations', task.get('completions'))
    if not isinstance(found, list) or not all(
        isinstance(entry, dict) and isinstance(entry.get('result'), list)
        for entry in found
    ):
        raise FormatError(f'{where}: annotations must be a list, each with a result')
    valid = [entry for entry in found if not entry.get('was_cancelled')]
    return sorted(valid, key=lambda entry: not entry.get('ground_truth'))


def _image(where: str, task: Mapping, annotation: Mapping) -> LabelledImage:
    results = [entry for entry in annotation['result'] if isinstance(entry, dict)]
    sizes = {
        (
            pixels(entry['original_width'], where, 'original_width'),
            pixels(entry.get('original_height'), where, 'original_height'),
        )
        for entry in results
        if 'original_width' in entry
    }
    if len(sizes) > 1:
        raise FormatError(f'{where}: its regions are of pictures of {sorted(sizes)} px')
    if any(entry.get('image_rotation') for entry in results):
        raise FormatError(
            f'{where}: the picture was turned in the tool; to fix it: turn the picture '
            'itself, and label it anew'
        )
    size = sizes.pop() if sizes else None
    if size is None and any(entry.get('type') in _REGIONS for entry in results):
        raise FormatError(
            f'{where}: its regions do not tell the size of the picture, of which their '
            'places are per cent; to fix it: give each original_width and '
            'original_height in pixels'
        )
    garments = _garments(where, results, size) if size else []
    return LabelledImage(where, _names(where, task), size, tuple(garments))


def _names(where: str, task: Mapping) -> tuple[str, ...]:
    """What the picture's file may be called; uploads have a prefix, links a host."""
    data = task.get('data')
    data = data if isinstance(data, dict) else {}
    links = [data[key] for key in _IMAGE_KEYS if isinstance(data.get(key), str)]
    others = [value for value in data.values() if isinstance(value, str)]
    # The key is the labeller's choice, and beside the picture there may be other text.
    links += [value for value in others if _is_picture(value)] + others
    link = text(links[0] if links else task.get('file_upload'), where, 'its picture')
    whole = _path(link)
    name = whole.rpartition('/')[2]
    names = (whole, name, _UPLOAD.sub('', name, count=1))
    return tuple(dict.fromkeys(names))


def _is_picture(link: str) -> bool:
    return PurePosixPath(_path(link)).suffix.lower() in PICTURE_SUFFIXES


def _path(link: str) -> str:
    try:
        parts = urlsplit(link)
    except ValueError:  # a text that is no address, such as //[a
        return link.lstrip('/')
    # Pictures of a mounted folder are asked for as /data/local-files/?d=a/b.jpg.
    local = parse_qs(parts.query).get('d')
    whole = PurePosixPath(local[0] if local else unquote(parts.path)).as_posix()
    return whole.lstrip('/')


def _garments(
    where: str, results: Sequence[Result], size: tuple[int, int]
) -> Iterator[LabelledGarment]:
    boxes: dict[str, tuple[str, tuple[float, float, float, float]]] = {}
    keys: list[tuple[str, Result]] = []
    occluded = set()
    for entry in results:
        value, kind = entry.get('value'), entry.get('type')
        if not isinstance(value, dict):
            continue
        region = str(entry.get('id'))
        if kind in ('rectanglelabels', 'rectangle'):
            label = _label(f'{where}: region {region}', region, results)
            boxes[region] = label, _box(f'{where}: region {region}', value, size)
        elif kind in ('keypointlabels', 'keypoint'):
            keys.append((region, entry))
        elif kind == 'choices':
            words = _words(value, 'choices')
            if {plain(word) for word in words} & OCCLUDED_WORDS:
                occluded.add(region)
    points: dict[str | None, dict[str, Point]] = {region: {} for region in boxes}
    for region, entry in keys:
        at = f'{where}: region {region}'
        x = number(entry['value'].get('x'), at, 'x') / 100 * size[0]
        y = number(entry['value'].get('y'), at, 'y') / 100 * size[1]
        owner = _owner(at, (x, y), entry, boxes, results)
        name = _label(at, region, results)
        own = points.setdefault(owner, {})
        add_point(own, name, (x, y, visibility(region in occluded)), at)
    for owner, own in points.items():
        if owner is None:
            yield LabelledGarment(f'{where}: its key points', None, own)
        else:
            label, box = boxes[owner]
            yield LabelledGarment(f'{where}: region {owner}', label, own, box)


def _label(where: str, region: str, results: Sequence[Result]) -> str:
    """The label of a region, which a result of its own may hold."""
    found = [
        label
        for entry in results
        if str(entry.get('id')) == region and isinstance(entry.get('value'), dict)
        for key in _LABELS
        for label in _words(entry['value'], key)
    ]
    found = list(dict.fromkeys(found))
    if len(found) != 1:
        raise FormatError(f'{where} has the labels {found}, expected one')
    return text(found[0], where, 'label')


def _words(value: Mapping, key: str) -> list[str]:
    words = value.get(key)
    return [str(word) for word in words] if isinstance(words, list) else []


def _box(
    where: str, value: Mapping, size: tuple[int, int]
) -> tuple[float, float, float, float]:
    """The rectangle in pixels; around one that is turned about its first corner."""
    x, y, width, height = (
        number(value.get(key), where, key) / 100 * side
        for key, side in zip(('x', 'y', 'width', 'height'), size * 2)
    )
    angle = math.radians(number(value.get('rotation') or 0, where, 'rotation'))
    cos, sin = math.cos(angle), math.sin(angle)
    return extent(
        [
            (x + dx * cos - dy * sin, y + dx * sin + dy * cos)
            for dx in (0, width)
            for dy in (0, height)
        ]
    )


def _owner(
    where: str,
    xy: tuple[float, float],
    entry: Result,
    boxes: Mapping[str, tuple[str, tuple[float, float, float, float]]],
    results: Sequence[Result],
) -> str | None:
    """The region of the rectangle that a key point is of; None if there is none."""
    region = str(entry.get('id'))
    linked = {str(entry.get('parentID'))}
    for other in results:
        if other.get('type') == 'relation':
            ends = str(other.get('from_id')), str(other.get('to_id'))
            if region in ends:
                linked |= set(ends)
    owners = [box for box in boxes if box in linked]
    if not owners and len(boxes) <= 1:
        owners = list(boxes) or [None]
    if not owners:
        x, y = xy
        owners = [
            box
            for box, (_, (x1, y1, x2, y2)) in boxes.items()
            if x1 <= x <= x2 and y1 <= y <= y2
        ]
    if len(owners) != 1:
        raise FormatError(
            f'{where}: the key point may be of {len(owners)} rectangles; to fix it: '
            "drag it into its rectangle in the tool's list of regions, or join the two "
            'by a relation'
        )
    return owners[0]
