"""FiftyOne's datasets on disk, written and read without FiftyOne.

A dataset is a folder with ``metadata.json`` and ``samples.json``, which
``fiftyone.types.LegacyFiftyOneDataset`` imports and exports;
``fiftyone.types.FiftyOneDataset`` exports the same samples, and is read, too. A garment
is a ``Detection`` of one field and a ``Keypoint`` of another, of the same ``index``;
places are shares of the picture, and points that are not labelled are NaN. What
FiftyOne has no place for stands in ``coco``, a mapping of the picture, the garment and
the dataset, so that nothing is lost but the places of points that are not labelled;
places come back to a millionth of a pixel.
"""

import json
import math
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from fashion_mmpose import garments
from fashion_mmpose.files.writing.outputs import OutputFiles
from fashion_mmpose.formats.coco.annotations import image_path
from fashion_mmpose.garments.layout import own_points

from .yolo_pose import YoloNames

METADATA, SAMPLES = 'metadata.json', 'samples.json'
TRUTH, PREDICTIONS = 'ground_truth', 'predictions'
_POINTS = '_points'  # of a field's name: its key points
_NAN = float('nan')


def points_field(field: str) -> str:
    """The field of the key points that belong to a field of boxes."""
    return f'{field}{_POINTS}'


@dataclass(frozen=True)
class FiftyOneWriter:
    """Makes samples of pictures and their garments.

    Attributes:
        benchmark: Whose garments these are.
        image_dir: Folder of the pictures; None for ``data`` in the dataset's folder.
    """

    benchmark: garments.Benchmark
    image_dir: str | None = None

    def sample(
        self, image: Mapping, annotations: Sequence[Mapping], found: Sequence[Mapping]
    ) -> dict:
        """A picture with its annotated and its predicted garments.

        Args:
            image: A COCO image: ``id``, ``file_name``, ``width``, ``height`` and what
                else; ``folder`` or ``path`` say where it lies.
            annotations: COCO annotations of it, in either layout.
            found: Entries of a result list for it, in either layout.
        """
        folder = 'data'
        if self.image_dir is not None:
            folder = os.path.abspath(self.image_dir)
        size = image['width'], image['height']
        told: dict[str, Any] = dict(
            filepath=os.path.join(folder, image_path(image)),
            tags=[],
            metadata=dict(_cls='ImageMetadata', width=size[0], height=size[1]),
            coco=dict(image),
        )
        told |= self._labels(TRUTH, annotations, size, is_predicted=False)
        if found:
            told |= self._labels(PREDICTIONS, found, size, is_predicted=True)
        return told

    def _labels(
        self,
        field: str,
        entries: Sequence[Mapping],
        size: tuple[int, int],
        is_predicted: bool,
    ) -> dict:
        boxes, points = [], []
        for index, entry in enumerate(entries, 1):
            where = f'{field} {index} of image {entry["image_id"]}'
            kind = garments.category_of_id(self.benchmark, entry['category_id'])
            own = own_points(np.reshape(entry['keypoints'], (-1, 3)), kind, where)
            kept = {
                key: value
                for key, value in entry.items()
                if key not in ('keypoints', 'category_id')
            }
            box = entry.get('bbox') or extent(own)
            common = dict(label=kind.name, index=index, tags=[])
            boxes.append(
                dict(
                    _cls='Detection',
                    bounding_box=(np.reshape(box, (2, 2)) / size).ravel().tolist(),
                    coco=kept,
                    **common,
                )
            )
            places = (own[:, :2] / size).astype(float)
            third = own[:, 2].tolist()
            if is_predicted:
                boxes[-1]['confidence'] = float(entry['score'])
                points.append(dict(common, confidence=third))
            else:
                places[own[:, 2] == 0] = _NAN
                points.append(dict(common, visibility=[int(v) for v in third]))
            points[-1] |= dict(_cls='Keypoint', points=places.tolist())
        return {
            field: dict(_cls='Detections', detections=boxes),
            points_field(field): dict(_cls='Keypoints', keypoints=points),
        }

    def metadata(self, name: str, rest: Mapping, categories: Sequence[str]) -> dict:
        """What ``metadata.json`` says.

        Args:
            name: Of the dataset.
            rest: What the COCO file says besides pictures, annotations and categories.
            categories: Names of the categories that it lists. Where it is one, its
                outline is the skeleton.
        """
        info: dict[str, Any] = dict(
            coco=dict(rest),
            categories=list(categories),
            benchmark=garments.benchmark_entry(self.benchmark),
            classes={TRUTH: list(categories), PREDICTIONS: list(categories)},
        )
        if len(categories) == 1:
            kind = self.benchmark.garments[categories[0]]
            edges = [list(link) for link in kind.links]
            skeleton = dict(labels=list(kind.keypoints), edges=edges)
            fields = points_field(TRUTH), points_field(PREDICTIONS)
            info['skeletons'] = dict.fromkeys(fields, skeleton)
        return dict(name=name, media_type='image', info=info)


def write_fiftyone(
    folder: str | os.PathLike,
    content: Mapping,
    names: YoloNames,
    found: Sequence[Mapping] = (),
    image_dir: str | None = None,
) -> None:
    """Write a dataset, which appears when it is complete.

    Args:
        folder: The dataset's folder; made where it is missing.
        content: A COCO file's content, in either layout.
        names: The benchmark, and the categories that the file lists.
        found: Entries of a result list for its pictures.
        image_dir: Folder of the pictures; None for ``data`` in ``folder``.

    Raises:
        FormatError: If key points fit neither layout.
    """
    writer = FiftyOneWriter(names.benchmark, image_dir)
    of_image: dict[int, tuple[list, list]] = {
        image['id']: ([], []) for image in content['images']
    }
    for place, entries in enumerate((content['annotations'], found)):
        for entry in entries:
            of_image[entry['image_id']][place].append(entry)
    samples = [
        writer.sample(image, *of_image[image['id']]) for image in content['images']
    ]
    parts = 'images', 'annotations', 'categories'
    rest = {key: value for key, value in content.items() if key not in parts}
    name = os.path.basename(os.path.abspath(folder))
    metadata = writer.metadata(name, rest, names.categories)
    with OutputFiles() as outputs:
        # Points that are not there are NaN, which is what FiftyOne reads and writes.
        json.dump(metadata, outputs.open(os.path.join(folder, METADATA)))
        json.dump(dict(samples=samples), outputs.open(os.path.join(folder, SAMPLES)))


def extent(points: np.ndarray) -> list[float]:
    """The box (x, y, width, height) of points (K, 3) whose third number is not 0."""
    held = points[points[:, 2].astype(float) != 0, :2].astype(float)
    held = held if len(held) else points[:, :2].astype(float)
    low, high = held.min(axis=0), held.max(axis=0)
    return [*low.tolist(), *(high - low).tolist()]


def absent(number: Any) -> bool:
    """Whether a coordinate says that there is no point: NaN, in all its spellings."""
    if isinstance(number, Mapping):
        number = number.get('$numberDouble', _NAN)
    return number is None or not math.isfinite(float(number))


def pixels(numbers: Iterable[float], sides: Iterable[int]) -> list[float]:
    """Shares of the picture as pixels, to a millionth."""
    return [round(share * side, 6) + 0.0 for share, side in zip(numbers, sides)]
