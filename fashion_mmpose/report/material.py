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
from fashion_mmpose.formats.coco.results import check_pictures, read_predictions
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
    image_root: str | os.PathLike | None = None,
) -> Material:
    """Read annotations and predictions of any tool.

    Args:
        ann_file: COCO JSON of a benchmark, or FashionAI's CSV.
        predictions: Result lists in JSON, DeepFashion2's official form among them, or
            FashionAI's CSV.
        benchmark: A description of the benchmark, for one that is not built in.
        rule: What the normalized error does without normaliser, see
            :data:`fashion_mmpose.evaluation.functional.normalized_error.RULES`.
        image_root: Folder of the pictures, below which absolute paths must lead. By
            default they lead anywhere, and nothing is drawn over their pictures.

    Raises:
        FileNotFoundError: If a file does not exist.
        FormatError: If a file is not what it should be, or predictions are of images
            that the annotations do not list.
    """
    path = os.fspath(ann_file)
    if path.lower().endswith(CSV):
        return _from_tianchi(path, [os.fspath(each) for each in predictions], rule)
    described = None if benchmark is None else garments.benchmark(benchmark)
    root = image_root or os.sep
    whole = garments.benchmark(read_images(path, described, root).benchmark)
    truth = read_columns(path, whole, points_dtype=np.float64, image_root=root)
    notes = list(truth.notes)
    found, asked = [], set()
    for each in [os.fspath(given) for given in predictions]:
        if each.lower().endswith(CSV):
            if whole.name != _FASHIONAI:
                raise FormatError(
                    f'{each}: predictions as CSV are of FashionAI, and {path} is of '
                    f'{whole.name}; to fix it: give predictions as JSON'
                )
            detections, own, more = _tianchi_results(each, truth)
            asked |= own
            notes += more
        else:
            detections = _coco_results(each, truth, whole)
            asked |= {*whole.garments}  # what a run in JSON leaves out, it has missed
        _check_images(each, path, detections, truth)
        found.append(detections)
    truth, more = _asked_for(truth, whole, asked)
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
    listed = zip(truth.images.ids.tolist(), truth.images.file_names)
    check_pictures(path, detections.pictures, ann_file, listed)


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
        detections, own, more = _tianchi_results(each, truth)
        asked |= own
        found.append(detections)
        notes += more
    whole = garments.benchmark(_FASHIONAI)
    truth, more = _asked_for(truth, whole, asked)
    return Material(
        whole,
        NEMeasure(_FASHIONAI, rule),
        path,
        truth,
        _named(predictions, found),
        (*notes, *more),
    )


def _asked_for(
    truth: GarmentColumns, whole: garments.Benchmark, asked: set[str]
) -> tuple[GarmentColumns, list[str]]:
    """The annotations of these categories, and a line on what is left out."""
    ids = [whole.garments[name].category_id for name in asked]
    kept = np.isin(truth.category_ids, ids)
    if kept.all():
        return truth, []
    left_out = {*_category_names(truth.category_ids[~kept], whole)}
    images = np.setdiff1d(truth.image_ids[~kept], truth.image_ids[kept])
    names = ', '.join(sorted(left_out))
    return (
        take(truth, kept, ~np.isin(truth.images.ids, images)),
        [f'categories without any prediction are left out: {names}'],
    )


def _category_names(category_ids: np.ndarray, whole: garments.Benchmark) -> list[str]:
    names = {item.category_id: name for name, item in whole.garments.items()}
    return [names[category_id] for category_id in category_ids.tolist()]


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


def _tianchi_results(
    path: str, truth: GarmentColumns
) -> tuple[Results, set[str], list[str]]:
    """Rows as predictions, the categories that they are about, and what to say."""
    if not truth.images.file_names:
        raise FormatError(f'{path} predicts pictures, and the annotations list none')
    table = read_tianchi(path, predictions=True)
    assert table.keypoints is not None
    image_ids = dict(zip(truth.images.file_names, truth.images.ids.tolist()))
    names, _ = by_last_part(table.image_ids, truth.images.file_names)
    whole = garments.benchmark(_FASHIONAI)
    entries = []
    for name, category, cells in zip(names, table.categories, table.keypoints):
        garment = whole.garments[category]
        if name in image_ids:
            own = cells[list(garment.channels)]
            own[:, 2] = 1
            entries.append(
                dict(
                    image_id=image_ids[name],
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
            f'{truth.images.file_names[0]!r}'
        )
    if unknown:
        notes.append(f'{path}: {unknown} rows are of images without annotation')
    of_items = truth.images.rows(truth.image_ids).tolist()
    asked = asked_categories(
        [truth.images.file_names[row] for row in of_items],
        _category_names(truth.category_ids, whole),
        names,
        table.categories,
    )
    return result_columns(entries), asked, notes
