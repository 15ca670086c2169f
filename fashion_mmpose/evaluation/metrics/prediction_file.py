"""Write what a test run predicts to files."""

import os
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from mmengine.evaluator import BaseMetric
from mmengine.logging import MessageHub, MMLogger
from mmpose.registry import METRICS

from fashion_mmpose import garments
from fashion_mmpose.config.parts import kind_of
from fashion_mmpose.evaluation.functional.oks.garment_scoring import (
    BENCHMARK as OFFICIAL,
)
from fashion_mmpose.evaluation.functional.oks.garment_scoring import GarmentScoring
from fashion_mmpose.evaluation.functional.samples import predicted_garment
from fashion_mmpose.files.writing.faults import write_or_rescue
from fashion_mmpose.files.writing.outputs import OutputFiles
from fashion_mmpose.formats.coco.results import write_predictions
from fashion_mmpose.formats.deepfashion2.results import write_results
from fashion_mmpose.formats.fashionai.submission import make_submission, read_images
from fashion_mmpose.garments.prediction import coco_entry, garment_score

from .of_benchmark import benchmark_told, check_pictures

SUFFIXES = ('.json', '.csv')
TIANCHI = 'fashionai'  # whose official form is the CSV


@METRICS.register_module()
class PredictionFile(BaseMetric):
    """Writes the predictions of a test run; computes no number.

    On FashionAI, a ``.json`` file gets a COCO result list: ``image_id``,
    ``category_id``, ``bbox`` (xywh), ``score`` and ``keypoints`` (x, y, score of each),
    in pixels of the original image; ``score`` is the box's score times the mean score
    of the points. A ``.csv`` file gets the Tianchi form: see
    :func:`fashion_mmpose.formats.fashionai.submission.make_submission`, which also
    merges several JSON files (``data_converters/predictions_to_tianchi.py``).

    On DeepFashion2, a ``.json`` file gets the official result list of 294 slots: see
    :func:`fashion_mmpose.formats.deepfashion2.results.write_results`.

    Benchmarks that users describe have a ``.json`` file as FashionAI's, with the key
    points of each garment's own category; ``score`` is the one by which the run's
    ``GarmentOKS`` ranks, and ``bbox`` the extent of the points, by whose area COCO's
    tools choose: see :func:`write_scored`.

    Args:
        out_files (Sequence[str]): Files to write.
        scoring (Mapping, optional): Arguments of
            ``GarmentScoring`` in
            :mod:`fashion_mmpose.evaluation.functional.oks.garment_scoring`, for
            all benchmarks but FashionAI: those of the run's ``GarmentOKS`` make its
            file the one that it scores. Defaults to None.
        **kwargs: Arguments of :class:`mmengine.evaluator.BaseMetric`.

    Attributes:
        left_out: Ids of the images that a run leaves out because they cannot be read,
            by the absolute path of the annotation file; a CSV has no rows for them.

    Raises:
        ValueError: If a file is neither ``.json`` nor ``.csv``, or an option of
            ``scoring`` has no such choice.
    """

    def __init__(
        self, out_files: Sequence[str], scoring: Mapping | None = None, **kwargs
    ) -> None:
        super().__init__(**kwargs)
        self.out_files = [Path(path) for path in out_files]
        self.scoring = GarmentScoring(**(scoring or {}))
        self.left_out: Mapping[str, Sequence[int]] = {}
        for path in self.out_files:
            if path.suffix not in SUFFIXES:
                raise ValueError(
                    f'cannot write {path}: its name must end in {SUFFIXES}'
                )

    def process(self, data_batch: Any, data_samples: Sequence[dict]) -> None:
        """Keep the predictions of a batch.

        Args:
            data_batch: Not used.
            data_samples: Samples with ``img_id``, ``category_id`` and
                ``pred_instances``: one box, ``keypoints`` (1, K, 2) in pixels of
                the original image, ``keypoint_scores`` (1, K), ``bboxes`` (1, 4)
                xyxy and ``bbox_scores`` (1, ).

        Raises:
            ValueError: If a CSV file is asked for on another benchmark than FashionAI.
        """
        benchmark = benchmark_told(self.dataset_meta)
        if benchmark is None:
            self._keep(data_samples, map(_plain_entry, data_samples))
            return
        for path in self.out_files:
            if path.suffix == '.csv' and benchmark.name != TIANCHI:
                raise ValueError(
                    f'cannot write {path}: CSV is the form of FashionAI; that of '
                    f'{benchmark.name} is .json'
                )
        # FashionAI is not scored by garments: its files have no rule of a metric.
        take = (
            predicted_garment if benchmark.name == TIANCHI else self.scoring.prediction
        )
        self._keep(data_samples, (take(sample, benchmark) for sample in data_samples))

    def metric_names(self) -> list[str]:
        """No names: it gives no number."""
        return []

    def _keep(self, data_samples: Sequence[dict], predictions: Iterable) -> None:
        self.results.extend(zip(map(_identity, data_samples), predictions))

    def compute_metrics(self, results: list[tuple]) -> dict:
        """Write the files; an empty dict.

        Raises:
            FormatError: If a CSV file is asked for, and an image of the annotation
                file has no prediction of its category; or if several pictures have
                one id, as those of several annotation files.
            RescuedError: If a file cannot be written to its place; it says where the
                predictions are instead.
        """
        benchmark = benchmark_told(self.dataset_meta)
        is_scored = benchmark is not None and benchmark.name != TIANCHI
        # A wrapper of the dataset may repeat samples.
        distinct = dict(results)
        check_pictures((image_id, path) for image_id, path, *_ in distinct)
        results = list(distinct.values())
        if benchmark is None:
            predictions = results
        elif is_scored:
            predictions = self.scoring.results(results)
        else:
            # FashionAI's files have one number of key points, for all categories.
            in_full_layout = self.dataset_meta.get('category') is None
            predictions = [each.to_coco(in_full_layout) for each in results]
        # JSON first: it is there to be merged and filled if the CSV is refused.
        for path in sorted(self.out_files, key=lambda path: path.suffix != '.json'):
            if path.suffix == '.csv':
                ann_file = self._ann_file()
                left_out = self.left_out.get(os.path.abspath(ann_file), ())
                images = [
                    image
                    for image in read_images([ann_file])
                    if image['id'] not in left_out
                ]
                submission = make_submission({'this run': predictions}, images)
                write_or_rescue(path, submission.write)
            elif is_scored:
                write_or_rescue(
                    path,
                    partial(write_scored, entries=predictions, benchmark=benchmark),
                )
            else:
                write_or_rescue(path, partial(_write_list, predictions))
            MMLogger.get_current_instance().info(
                f'{len(predictions)} predictions written to {path}'
            )
        return {}

    def _ann_file(self) -> str:
        # Datasets leave the path of the annotation file here: MMPose's for its metric,
        # and ours under another name where that would take it for the wrong one.
        hub, name = MessageHub.get_current_instance(), self.dataset_meta['dataset_name']
        told = hub.get_info(f'{name}_ann_file')
        return told or hub.get_info(f'{name}_pictures_file')


def write_scored(
    path: str | os.PathLike, entries: Sequence[dict], benchmark: garments.Benchmark
) -> None:
    """Write what :meth:`GarmentScoring.results` gives, in the form of the benchmark.

    Args:
        path: The JSON file.
        entries: The garments.
        benchmark: Whose they are; DeepFashion2's have the official form.
    """
    if benchmark.name == OFFICIAL:
        _write_official(path, entries)
        return
    points = [np.asarray(entry['keypoints'], np.float64) for entry in entries]
    write_predictions(
        path,
        [
            coco_entry(
                entry['image_id'],
                entry['category_id'],
                np.concatenate((own[:, :2].min(axis=0), own[:, :2].max(axis=0))),
                entry['score'],
                own,
            )
            for entry, own in zip(entries, points)
        ],
    )


def _write_official(path: str | os.PathLike, entries: Sequence[dict]) -> None:
    with OutputFiles() as outputs:
        write_results(outputs.open(path), entries)


def scoring_of(metrics: Sequence[Mapping]) -> dict:
    """The ``scoring`` of the ``GarmentOKS`` among a config's metrics, if any."""
    names = GarmentScoring.__dataclass_fields__
    for metric in metrics:
        if kind_of(metric) == 'GarmentOKS':
            return {name: metric[name] for name in names if name in metric}
    return {}


def _write_list(predictions: list[dict], path: Path) -> None:
    write_predictions(path, predictions)


def _identity(sample: dict) -> tuple:
    """What tells a sample from the others; equal where it is repeated."""
    instances = sample['pred_instances']
    boxes = np.ravel(instances['bboxes']), np.ravel(instances.get('bbox_scores', ()))
    numbers = tuple(np.concatenate(boxes).tolist())
    picture = sample['img_id'], sample.get('img_path')
    return *picture, sample['category_id'], sample.get('id'), numbers


def _plain_entry(sample: dict) -> dict:
    """An entry of a COCO result list, of whatever a stock dataset of MMPose holds."""
    instances = sample['pred_instances']
    scores = np.asarray(instances['keypoint_scores'])[0]
    xy = np.asarray(instances['keypoints'])[0, :, :2]
    return coco_entry(
        image_id=int(sample['img_id']),
        category_id=int(sample['category_id']),
        bbox=np.asarray(instances['bboxes'])[0],
        score=garment_score(float(instances['bbox_scores'][0]), scores),
        points=np.column_stack((xy, scores)).astype(np.float64),
    )
