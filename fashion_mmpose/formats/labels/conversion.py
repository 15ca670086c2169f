"""Labels of annotation tools to COCO entries: matched by name, and checked."""

from dataclasses import dataclass

import numpy as np

from fashion_mmpose.errors import FormatError
from fashion_mmpose.formats.coco.annotations import keypoint_boxes
from fashion_mmpose.formats.coco.geometry import Boxes, check_boxes, check_points
from fashion_mmpose.garments import Benchmark, Garment

from .entries import CategoryReport, Converted, Item, are_unique
from .labelled import Faults, LabelledGarment, LabelledImage, Labels
from .matching import Matcher, NameMap
from .pictures import PictureFolder, refuse_outside


@dataclass(frozen=True)
class Options:
    """How labels become COCO entries.

    Attributes:
        category: The category of garments that the tool gives none; None to refuse
            them.
        bbox: ``'tool'``, the tool's box where it has one with an area, or
            ``'keypoints'``, the extent of the labelled key points.
        margin: Pixels by which the extent grows to every side.
        skip_bad: Leave out pictures and garments with something wrong.
    """

    category: str | None = None
    bbox: str = 'tool'
    margin: int = 10
    skip_bad: bool = False


def convert(
    labels: Labels,
    benchmark: Benchmark,
    names: NameMap,
    pictures: PictureFolder | None,
    options: Options,
) -> Converted:
    """Match an export with a benchmark, and check it against the pictures.

    Categories of the tool that the benchmark does not have are left out and counted;
    a labelled key point that a category does not have is an error. Entries of one
    picture become one image.

    Args:
        labels: The export.
        benchmark: The benchmark.
        names: Names that differ.
        pictures: The folder of the pictures; None to trust the tool's names and sizes.
        options: See :class:`Options`.

    Raises:
        FormatError: If nothing matches; if a picture is missing, has another size or
            is the only file for pictures of several names; if entries of one picture
            differ in its size; if a garment has no
            category, an unknown key point or lies outside of its picture; if the boxes
            or key points as a whole do not fit the pictures.
    """
    conversion = _Conversion(labels, benchmark, names, pictures, options)
    return conversion.run()


class _Conversion:
    """The steps of :func:`convert`."""

    def __init__(
        self,
        labels: Labels,
        benchmark: Benchmark,
        names: NameMap,
        pictures: PictureFolder | None,
        options: Options,
    ) -> None:
        self.labels = labels
        self.matcher = Matcher(benchmark, names)
        self.pictures = pictures
        self.options = options
        self.done = Converted(notes=list(labels.notes))
        self.faults = Faults(options.skip_bad, self.done.notes)
        self.places: dict[str, dict[str, int | None]] = {}
        self.sizes: dict[str, tuple[int, int]] = {}
        self.used = self._used_names()
        if pictures is not None:
            pictures.expect([image.names for image in labels.images])

    def run(self) -> Converted:
        for label in dict.fromkeys((*self.labels.declared, *self.used)):
            self._match(label)
        self._refuse_no_match()
        keep_ids = are_unique([image.number for image in self.labels.images])
        items_of: dict[str, list[Item]] = {}
        repeated = []
        for image in self.labels.images:
            entry = None
            with self.faults.left_out():
                entry = self._image(image)
            if entry is None:
                continue
            entry['id'] = image.number if keep_ids else len(self.done.images) + 1
            size = entry['width'], entry['height']
            items = []
            for garment in image.garments:
                with self.faults.left_out():
                    if item := self._item(garment, size):
                        items.append(item)
            # Of two images of one picture, neither would have all of its garments.
            name = entry['file_name']
            if name in items_of:
                items_of[name] += items
                repeated.append(name)
                continue
            items_of[name] = items
            self.done.images.append(entry)
            self.done.items.append(items)
        if repeated:
            self.done.notes.append(
                f'{len(repeated)} entries name a picture that an earlier one names, '
                f'such as {repeated[0]}: its garments are put together; look whether '
                'some are labelled twice'
            )
        if not any(self.done.items):
            first = self.done.notes[0] if self.done.notes else 'nothing is labelled'
            raise FormatError(f'{self.labels.path}: no garment is left; {first}')
        self._check_geometry()
        return self.done

    # ------------------------------------------------------------------------- names

    def _used_names(self) -> dict[str, dict[str, None]]:
        """For each category the key points that its garments have, in order."""
        used: dict[str, dict[str, None]] = {}
        for image in self.labels.images:
            for garment in image.garments:
                own = used.setdefault(self._label(garment), {})
                own.update(dict.fromkeys(garment.points))
        return used

    def _label(self, garment: LabelledGarment) -> str:
        return garment.category or ''

    def _match(self, label: str) -> None:
        report = self.done.report[label] = CategoryReport(label)
        wanted = label or self.options.category
        if label and self.matcher.is_dropped(label):
            report.hint = 'left out, as the mapping says'
            return
        garment = self.matcher.category(wanted) if wanted else None
        if garment is None:
            report.hint = (
                f'left out: {self.matcher.benchmark.name} has no such category'
                + self.matcher.similar_category(label)
                if label
                else 'without a category'
            )
            return
        used = list(self.used.get(label, {}))
        declared = list(self.labels.declared.get(label, ()))
        names = declared + [name for name in used if name not in declared]
        count = len(self.matcher.benchmark.keypoints)
        numbered = [str(place) for place in range(1, count + 1)]
        # Some points may be labelled nowhere. A 0, or an 01, counts otherwise.
        if not declared and names and set(names) <= set(numbered):
            names = numbered[: max(map(int, names))]
        try:
            places = self.matcher.places(garment, names)
        except FormatError as error:
            raise FormatError(f'{self.labels.path}: {label!r}: {error}') from None
        self.places[label] = places
        found = {place for place in places.values() if place is not None}
        report.category = garment.name
        report.found = tuple(garment.keypoints[place] for place in sorted(found))
        report.missing = tuple(
            name for place, name in enumerate(garment.keypoints) if place not in found
        )
        report.unused = tuple(
            name
            for name, place in places.items()
            if place is None
            and not name.isdecimal()
            and not self.matcher.is_known(name)
        )

    def _refuse_no_match(self) -> None:
        held = [report for report in self.done.report.values() if report.category]
        named = [report.label for report in self.done.report.values() if report.label]
        if held or ('' in self.used and self.options.category is None):
            return
        benchmark = self.matcher.benchmark
        raise FormatError(
            f'{self.labels.path}: none of its categories {named} is one of '
            f'{benchmark.name}: {list(benchmark.garments)}; to fix it: name them in a '
            'file and give it with --mapping'
        )

    # --------------------------------------------------------------------- entries

    def _image(self, image: LabelledImage) -> dict:
        size, name = image.size, image.names[0]
        if image.fault:
            raise FormatError(image.fault)
        if self.pictures is None:
            refuse_outside(image.where, name)
        else:
            name = self.pictures.find(image.where, image.names)
            self.pictures.refuse_shared(image.where, image.names, name)
            size = self.pictures.check_size(image.where, name, size)
        if size is None:
            raise FormatError(
                f'{image.where}: the size of its picture is not told; to fix it: give '
                'the folder of the pictures with --images'
            )
        if size != (known := self.sizes.setdefault(name, size)):
            raise FormatError(
                f'{image.where}: its picture {name} is of {size[0]} x {size[1]} px, '
                f'and another entry says {known[0]} x {known[1]} px; to fix it: give '
                'the folder of the pictures with --images'
            )
        return dict(id=0, file_name=name, width=size[0], height=size[1])

    def _item(self, labelled: LabelledGarment, size: tuple[int, int]) -> Item | None:
        label = self._label(labelled)
        report = self.done.report[label]
        if not label and self.options.category is None:
            raise FormatError(
                f'{labelled.where} have no category; to fix it: draw a rectangle '
                'around each garment that has the category as its label, or say with '
                '--category which one all are of'
            )
        if report.category is None:
            report.garments += 1
            return None
        garment = self.matcher.benchmark.garments[report.category]
        points = self._points(labelled, garment)
        if not points.any() and labelled.box is None:
            raise FormatError(f'{labelled.where} has neither a box nor a key point')
        box = self._box(labelled, points, size)
        report.garments += 1
        for v in report.labelled:
            report.labelled[v] += int((points[:, 2] == v).sum())
        return Item(
            labelled.where, garment, points, box, dict(labelled.kept), labelled.number
        )

    def _points(self, labelled: LabelledGarment, garment: Garment) -> np.ndarray:
        """x, y, v of the category's own points, shape (K, 3)."""
        places = self.places[self._label(labelled)]
        points = np.zeros((len(garment.keypoints), 3))
        for name, (x, y, v) in labelled.points.items():
            place = places[name]
            if place is not None and v:
                points[place] = x, y, v
            elif v and not self.matcher.is_dropped_point(garment, name):
                raise FormatError(
                    f'{labelled.where}: the key point {name!r} is none of a '
                    f'{garment.name}{self.matcher.similar_point(garment, name)}; to '
                    'fix it: correct it, or map it with --mapping (to null to leave it '
                    'out)'
                )
        return points

    def _box(
        self, labelled: LabelledGarment, points: np.ndarray, size: tuple[int, int]
    ) -> np.ndarray:
        """x, y, width, height."""
        box = labelled.box
        if box is not None and self.options.bbox == 'tool':
            x1, y1, x2, y2 = box
            if x1 >= size[0] or y1 >= size[1] or x2 <= 0 or y2 <= 0:
                raise FormatError(
                    f'{labelled.where}: its box {[x1, y1, x2, y2]} (x1, y1, x2, y2) '
                    f'lies outside of the picture of {size[0]} x {size[1]} px'
                )
            if x2 > x1 and y2 > y1:
                return np.array([x1, y1, x2 - x1, y2 - y1])
        if not (points[:, 2] > 0).any():
            raise FormatError(
                f'{labelled.where}: its box has no area, and no key point is labelled'
            )
        self.done.own_boxes += 1
        sizes = np.array([size], float)
        return keypoint_boxes(points[None], sizes, self.options.margin)[0]

    # -------------------------------------------------------------------- geometry

    def _check_geometry(self) -> None:
        """Refuse what does not fit as a whole; leave out, or refuse, single ones."""
        rows = [
            (image, item)
            for image, items in zip(self.done.images, self.done.items)
            for item in items
        ]
        sizes = np.array([(i['width'], i['height']) for i, _ in rows])
        boxes = np.array([item.box for _, item in rows])
        counts = [len(item.points) for _, item in rows]
        path = self.labels.path

        def name(index: int) -> str:
            return rows[index][1].where.removeprefix(f'{path}: ')

        notes = check_boxes(Boxes(path, name, boxes, sizes))
        notes += check_points(
            path,
            name,
            np.concatenate([item.points for _, item in rows]),
            np.cumsum([0, *counts]),
            sizes,
        )
        self.done.notes += notes
