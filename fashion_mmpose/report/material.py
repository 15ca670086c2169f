"""What a report is about: annotations, and the predictions of one run or of two."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from fashion_mmpose import garments
from fashion_mmpose.errors import FormatError
from fashion_mmpose.evaluation.functional.errors import (
    NEMeasure,
    OKSMeasure,
    measure_of,
)
from fashion_mmpose.evaluation.functional.oks.truth import annotation_columns, take
from fashion_mmpose.formats.coco.annotations import keypoint_boxes
from fashion_mmpose.formats.coco.columns import (
    GarmentColumns,
    labelled_counts,
    read_columns,
)
from fashion_mmpose.formats.coco.images import read_images
from fashion_mmpose.formats.coco.results import read_predictions
from fashion_mmpose.formats.deepfashion2.results import (
    Results,
    read_results,
    result_columns,
)
from fashion_mmpose.formats.fashionai.tianchi import read_tianchi
from fashion_mmpose.formats.fashionai.tianchi_table import (
    TianchiTable,
    asked_categories,
    by_last_part,
    coco_keypoints,
)
from fashion_mmpose.garments.layout import own_points
from fashion_mmpose.measure.uncertainty.calibration import Calibration, ScoreCurve

CSV = '.csv'
_FASHIONAI = 'fashionai'
_BOX_MARGIN = 10  # px, as the converter of FashionAI grows its boxes


@dataclass(frozen=True)
class Run:
    """The predictions of a run.

    Attributes:
        name: How the report calls it.
        path: The file.
        detections: The predictions that are of listed images.
        curve: What makes probabilities of the scores of its key points, or None.
    """

    name: str
    path: str
    detections: Results
    curve: ScoreCurve | None = None


@dataclass(frozen=True)
class Material:
    """All that is judged.

    Attributes:
        benchmark: Whose garments these are.
        measure: The score of that benchmark: OKS, or FashionAI's NE.
        ann_file: File of the annotations.
        truth: The annotated garments, points in float64.
        runs: One run, or two to compare.
        notes: What was left out or is doubtful, in lines.
    """

    benchmark: garments.Benchmark
    measure: OKSMeasure | NEMeasure
    ann_file: str
    truth: GarmentColumns
    runs: tuple[Run, ...]
    notes: tuple[str, ...]


def read_material(
    ann_file: str | os.PathLike,
    predictions: Sequence[str | os.PathLike],
    benchmark: garments.Named | None = None,
    rule: str = 'skip_short',
) -> Material:
    """Read annotations and predictions of any tool.

    Args:
        ann_file: COCO JSON of a benchmark, or FashionAI's CSV.
        predictions: Result lists in JSON, DeepFashion2's official form among them, or
            FashionAI's CSV.
        benchmark: A description of the benchmark, for one that is not built in.
        rule: What the normalized error does without normaliser, see
            :data:`fashion_mmpose.evaluation.functional.normalized_error.RULES`.

    Raises:
        FileNotFoundError: If a file does not exist.
        FormatError: If a file is not what it should be, or predictions are of images
            that the annotations do not list.
    """
    path = os.fspath(ann_file)
    if path.lower().endswith(CSV):
        return _from_tianchi(path, [os.fspath(each) for each in predictions], rule)
    described = None if benchmark is None else garments.benchmark(benchmark)
    whole = garments.benchmark(read_images(path, described, os.sep).benchmark)
    truth = read_columns(path, whole, points_dtype=np.float64, image_root=os.sep)
    notes = list(truth.notes)
    found = []
    for each in [os.fspath(given) for given in predictions]:
        if each.lower().endswith(CSV):
            detections, more = _tianchi_results(each, truth.images.file_names)
            image_ids = truth.images.ids[detections.image_ids]
            detections = replace(detections, image_ids=image_ids)
        else:
            detections, more = _coco_results(each, truth, whole), []
        _check_images(each, path, detections, truth)
        found.append(detections)
        notes += more
    return Material(
        whole,
        measure_of(whole, rule),
        path,
        truth,
        _named(predictions, found),
        tuple(notes),
    )


def with_curves(
    material: Material, calibrations: Sequence[tuple[str, Calibration]]
) -> Material:
    """The same, with probabilities of the networks that made the runs.

    Args:
        material: What is judged.
        calibrations: Those of the networks of the runs, in their order, of as many as
            are known: what each is from, for errors, and the calibration.

    Raises:
        FormatError: If one has no such curve, or is for another measure.
    """
    own = 'NE' if isinstance(material.measure, NEMeasure) else 'OKS'
    runs = list(material.runs)
    for place, (source, calibration) in enumerate(calibrations):
        if calibration.curve is None:
            raise FormatError(
                f'{source} knows no probabilities of scores; to fix it: fit it anew '
                'with `fashion-mmpose calibrate`'
            )
        if calibration.curve.measure != own:
            raise FormatError(
                f'{source} tells near points by {calibration.curve.measure}, and these '
                f'predictions are judged by {own}; to fix it: give the calibration of '
                'the network that made them'
            )
        runs[place] = replace(runs[place], curve=calibration.curve)
    return replace(material, runs=tuple(runs))


def _named(paths: Sequence[str | os.PathLike], found: Sequence[Results]) -> tuple:
    """The runs by names that are as short as they are different."""
    parts = [Path(path).parts for path in paths]
    depth = 1
    while depth < max(map(len, parts)) and len({each[-depth:] for each in parts}) < len(
        parts
    ):
        depth += 1
    names = [os.path.join(*each[-depth:]) for each in parts]
    if len(set(names)) < len(names):
        names = [f'{name} ({number})' for number, name in enumerate(names, 1)]
    return tuple(
        Run(name, os.fspath(path), detections)
        for name, path, detections in zip(names, paths, found)
    )


def _coco_results(
    path: str, truth: GarmentColumns, whole: garments.Benchmark
) -> Results:
    if whole.name == 'deepfashion2':
        bare = labelled_counts(truth.points, truth.starts) == 0
        kept = zip(truth.image_ids[bare].tolist(), truth.category_ids[bare].tolist())
        return read_results(path, set(kept))
    entries = []
    for index, entry in enumerate(read_predictions(path, whole)):
        garment = garments.category_of_id(whole, entry['category_id'])
        points = np.reshape(entry['keypoints'], (-1, 3)).astype(float)
        own = own_points(points, garment, f'{path}: entry {index}')
        entries.append(entry | dict(keypoints=own))
    return result_columns(entries)


def _check_images(
    path: str, ann_file: str, detections: Results, truth: GarmentColumns
) -> None:
    strangers = np.flatnonzero(truth.images.rows(detections.image_ids) < 0)
    if len(strangers):
        raise FormatError(
            f'{path}: {len(strangers)} of {len(detections)} entries are of images that '
            f'{ann_file} does not list: entry {strangers[0]} is of image '
            f'{detections.image_ids[strangers[0]]}; to fix it: give the annotations '
            'that these predictions are for'
        )


# ------------------------------------------------------------------ FashionAI's CSV


def _from_tianchi(path: str, predictions: Sequence[str], rule: str) -> Material:
    table = read_tianchi(path)
    if table.keypoints is None:
        raise FormatError(f'{path}: lists images only; annotations are needed')
    truth = _tianchi_truth(table)
    notes = list(table.warnings)
    found, asked = [], set()
    for each in predictions:
        if not each.lower().endswith(CSV):
            raise FormatError(
                f'{each}: predictions in JSON name images by the numbers of a COCO '
                f'file, and {path} has none; to fix it: give the COCO file as '
                '--ann-file, or the predictions as CSV'
            )
        detections, more = _tianchi_results(each, table.image_ids)
        names = [table.image_ids[row] for row in detections.image_ids]
        known = garments.benchmark(_FASHIONAI)
        categories = [
            garments.category_of_id(known, category_id).name
            for category_id in detections.category_ids.tolist()
        ]
        asked |= asked_categories(table, names, categories)
        found.append(detections)
        notes += more
    left_out = {*table.categories} - asked
    if left_out:
        notes.append(
            f'categories without any prediction are left out: '
            f'{", ".join(sorted(left_out))}'
        )
    kept = np.array([name in asked for name in table.categories], bool)
    measure = NEMeasure(_FASHIONAI, rule)
    return Material(
        garments.benchmark(_FASHIONAI),
        measure,
        path,
        take(truth, kept),
        _named(predictions, found),
        tuple(notes),
    )


def _tianchi_truth(table: TianchiTable) -> GarmentColumns:
    """Rows as annotated garments, whose images are numbered from 0."""
    assert table.keypoints is not None
    points = coco_keypoints(table.keypoints.astype(float))
    far = points[..., :2].max(axis=1) + _BOX_MARGIN  # (N, 2), the picture is not known
    boxes = keypoint_boxes(points, far.clip(min=1), _BOX_MARGIN)
    known = garments.benchmark(_FASHIONAI).garments
    annotations = []
    for row, category in enumerate(table.categories):
        garment = known[category]
        own = points[row, list(garment.channels)]
        annotations.append(
            dict(
                id=row + 1,
                image_id=row,
                category_id=garment.category_id,
                bbox=boxes[row],
                area=boxes[row, 2] * boxes[row, 3],
                iscrowd=False,
                num_keypoints=(own[:, 2] > 0).sum(),
                keypoints=own,
            )
        )
    truth = annotation_columns(annotations, range(len(table.image_ids)))
    truth.images.file_names[:] = table.image_ids
    return truth


def _tianchi_results(path: str, image_ids: Sequence[str]) -> tuple[Results, list[str]]:
    """Rows as predictions of the images in these places, and what there is to say."""
    table = read_tianchi(path, predictions=True)
    assert table.keypoints is not None
    names, _ = by_last_part(table.image_ids, image_ids)
    places = {name: place for place, name in enumerate(image_ids)}
    known = garments.benchmark(_FASHIONAI).garments
    entries = []
    for name, category, cells in zip(names, table.categories, table.keypoints):
        garment = known[category]
        if name in places:
            own = cells[list(garment.channels)]
            own[:, 2] = 1
            entries.append(
                dict(
                    image_id=places[name],
                    category_id=garment.category_id,
                    score=1.0,
                    keypoints=own,
                )
            )
    notes = list(table.warnings)
    unknown = len(names) - len(entries)
    if not entries:
        raise FormatError(
            f'{path}: no row is of an image of the annotations; image ids must be '
            f'equal, and here they are like {table.image_ids[0]!r}, there like '
            f'{image_ids[0]!r}'
        )
    if unknown:
        notes.append(f'{path}: {unknown} rows are of images without annotation')
    return result_columns(entries), notes
