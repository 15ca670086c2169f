"""CVAT's own XML, "CVAT for images 1.1"."""

import math
import os
from collections.abc import Sequence
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

from fashion_mmpose.errors import FormatError
from fashion_mmpose.formats.labels.labelled import (
    ABSENT,
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

_MAX_DEPTH = 64  # CVAT's own files have seven levels
_EDGES = ('xtl', 'ytl', 'xbr', 'ybr')
_SHAPES = ('skeleton', 'box', 'points')


def read_cvat(path: str | os.PathLike, *, skip_bad: bool = False) -> Labels:
    """Read skeletons, and points that lie with a box in a group.

    A skeleton is a garment, its label the category, its elements the key points; a
    ``box`` in its group is its own if it alone has the label of the box there, and the
    group has no ``points``. In any other group, of which a tool's user gives the shapes
    of a garment one number, a ``box`` gives category and box, and each ``points`` of
    one point is the key point of its label. A ``points`` shape of several points that
    has the label of a category names them by their order, from 1. Of a box that is
    turned, the extent counts.

    Args:
        path: The XML.
        skip_bad: Leave out pictures and garments that cannot be read, and list them in
            the notes. Defaults to False.

    Raises:
        FormatError: If it is no such file; the message names the picture and the shape.
        OSError: If it cannot be opened.
    """
    path = os.fspath(path)
    root = parse_xml(path)
    if root.tag != 'annotations':
        raise FormatError(
            f'{path} begins with <{root.tag}>, expected <annotations>; to fix it: '
            'export as "CVAT for images 1.1"'
        )
    if root.find('track') is not None:
        raise FormatError(
            f'{path} has tracks of a video; to fix it: export as "CVAT for images 1.1"'
        )
    others: dict[str, int] = {}
    faults = Faults(skip_bad)
    images = []
    for entry in root.iterfind('image'):
        with faults.left_out():
            images.append(_image(path, entry, others, faults))
    return Labels(
        path=path,
        images=images,
        declared=_declared(root),
        notes=faults.notes
        + [
            f'{path}: {count} shapes <{tag}> left out: they hold no key points'
            for tag, count in others.items()
        ],
    )


def parse_xml(path: str | os.PathLike) -> Element:
    """The root of an XML file, which may not declare entities.

    Raises:
        FormatError: If it is no XML, has a document type (whose entities may grow
            without end), or is nested without end.
        OSError: If it cannot be opened.
    """
    builder = TreeBuilder()
    depth = 0

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > _MAX_DEPTH:
            raise FormatError(f'{path} is nested more than {_MAX_DEPTH} levels deep')
        builder.start(tag, attributes)

    def end(tag: str) -> None:
        nonlocal depth
        depth -= 1
        builder.end(tag)

    def refuse(*declaration) -> None:
        raise FormatError(
            f'{path} has a document type, <!DOCTYPE ...>, which no export has; to fix '
            'it: remove it'
        )

    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = builder.data
    parser.StartDoctypeDeclHandler = refuse
    try:
        with open(path, 'rb') as file:
            parser.ParseFile(file)
        return builder.close()
    except (expat.ExpatError, LookupError, AssertionError) as error:
        raise FormatError(f'{path} is not valid XML: {error}') from None


def _declared(root: Element) -> dict[str, list[str]]:
    """Skeletons and their elements, as the head of the file has them."""
    declared: dict[str, list[str]] = {}
    for label in root.iterfind('meta//label'):
        name = (label.findtext('name') or '').strip()
        parent = (label.findtext('parent') or '').strip()
        if parent:
            declared.setdefault(parent, []).append(name)
        elif name and label.findtext('type') == 'skeleton':
            declared.setdefault(name, [])
    return declared


def _image(
    path: str, entry: Element, others: dict[str, int], faults: Faults
) -> LabelledImage:
    name = text(entry.get('name'), f'{path}: an image', 'name')
    where = f'{path}: image {name}'
    skeletons: list[tuple[str, Element]] = []
    groups: dict[str, list[tuple[int, Element]]] = {}
    for index, shape in enumerate(entry, 1):
        if shape.tag not in _SHAPES:
            if shape.tag != 'tag':
                others[shape.tag] = others.get(shape.tag, 0) + 1
        elif shape.tag == 'skeleton':
            skeletons.append((f'{where}: shape {index}', shape))
        else:
            # Shapes outside of groups are garments of their own.
            group = shape.get('group_id') or f'alone {index}'
            groups.setdefault(group, []).append((index, shape))
    garments = []
    for at, shape in skeletons:
        box = _take_box(shape, skeletons, groups)
        with faults.left_out():
            garments.append(_skeleton(at, shape, box))
    for shapes in filter(None, groups.values()):
        with faults.left_out():
            garments.append(_group(where, shapes))
    size = (
        pixels(entry.get('width'), where, 'width'),
        pixels(entry.get('height'), where, 'height'),
    )
    return LabelledImage(where, (name,), size, tuple(garments))


def _take_box(
    skeleton: Element,
    skeletons: Sequence[tuple[str, Element]],
    groups: dict[str, list[tuple[int, Element]]],
) -> Element | None:
    """The box of a skeleton, which is taken out of its group; None if it has none."""

    def kin(shape: Element) -> tuple[str | None, str | None]:
        return shape.get('group_id'), shape.get('label')

    shapes = groups.get(skeleton.get('group_id') or '', [])
    # With points, the box is theirs.
    if any(shape.tag == 'points' for _, shape in shapes):
        return None
    own = [entry for entry in shapes if kin(entry[1]) == kin(skeleton)]
    if len(own) != 1 or sum(kin(s) == kin(skeleton) for _, s in skeletons) != 1:
        return None
    shapes.remove(own[0])
    return own[0][1]


def _skeleton(where: str, shape: Element, box: Element | None) -> LabelledGarment:
    category = text(shape.get('label'), where, 'label')
    points: dict[str, Point] = {}
    for element in shape.iterfind('points'):
        name = text(element.get('label'), where, "an element's label")
        ((x, y),) = _coordinates(where, element, one=True)
        v = visibility(_is_set(element, 'occluded') or _is_set(shape, 'occluded'))
        v = ABSENT if _is_set(element, 'outside') else v
        add_point(points, name, (x, y, v), where)
    edges = None if box is None else _box(f'{where}: its box', box)
    return LabelledGarment(where, category, points, edges)


def _group(where: str, shapes: list[tuple[int, Element]]) -> LabelledGarment:
    where = f'{where}: shape {shapes[0][0]}'
    boxes = [shape for _, shape in shapes if shape.tag == 'box']
    if len(boxes) > 1:
        raise FormatError(
            f'{where}: its group has {len(boxes)} boxes; to fix it: give each garment '
            'its own group'
        )
    category, box = None, None
    if boxes:
        category = text(boxes[0].get('label'), where, 'label')
        box = _box(where, boxes[0])
    points: dict[str, Point] = {}
    for _, shape in shapes:
        if shape.tag != 'points':
            continue
        label = text(shape.get('label'), where, 'label')
        v = visibility(_is_set(shape, 'occluded'))
        coordinates = _coordinates(where, shape, one=False)
        if len(coordinates) == 1:
            add_point(points, label, (*coordinates[0], v), where)
            continue
        category = category or label
        for place, xy in enumerate(coordinates, 1):
            add_point(points, str(place), (*xy, v), where)
    return LabelledGarment(where, category, points, box)


def _box(where: str, shape: Element) -> tuple[float, float, float, float]:
    """The box; around one that is turned, clockwise in degrees about its centre."""
    x1, y1, x2, y2 = (number(shape.get(k), where, k) for k in _EDGES)
    rotation = number(shape.get('rotation') or 0, where, 'rotation')
    if not rotation % 180:  # it covers what it did, and no rounding changes its edges
        return x1, y1, x2, y2
    cos, sin = math.cos(math.radians(rotation)), math.sin(math.radians(rotation))
    x, y = (x1 + x2) / 2, (y1 + y2) / 2
    corners = [(cx - x, cy - y) for cx in (x1, x2) for cy in (y1, y2)]
    return extent(
        [(x + dx * cos - dy * sin, y + dx * sin + dy * cos) for dx, dy in corners]
    )


def _is_set(shape: Element, name: str) -> bool:
    return shape.get(name) in ('1', 'true', 'True')


def _coordinates(where: str, shape: Element, one: bool) -> list[tuple[float, float]]:
    pairs = [pair.split(',') for pair in (shape.get('points') or '').split(';')]
    if any(len(pair) != 2 for pair in pairs) or (one and len(pairs) != 1):
        raise FormatError(
            f'{where}: points is {shape.get("points")!r}, expected '
            f'{"x,y" if one else "x,y;x,y;..."}'
        )
    return [(number(x, where, 'x'), number(y, where, 'y')) for x, y in pairs]
