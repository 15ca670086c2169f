"""The landmark score at the size of DeepFashion2's validation set.

Both sides score the same random garments, each in a fresh process: predictions in
memory by our metric and by MMPose's ``CocoMetric``, and the official files by our
reader and by xtcocotools.
"""

import contextlib
import io
import statistics
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.fresh_process import measure
from fashion_mmpose import garments
from fashion_mmpose.formats.coco.annotations import coco_categories, write_coco
from fashion_mmpose.formats.deepfashion2.results import write_results

BENCHMARK = 'deepfashion2'
NUM_ITEMS, NUM_IMAGES = 51_490, 32_153  # of the validation set
SIZE_WH = (468, 624)


def oks_score(
    rounds: int = 1, num_items: int = NUM_ITEMS
) -> dict[str, dict[str, float]]:
    """Time and memory of scoring.

    Args:
        rounds: Fresh processes of each side; medians are returned. Defaults to 1.
        num_items: Garments, in images in proportion. Defaults to the validation set's.

    Returns:
        dict: For each side ``items``; ``AP``; ``seconds``: of the metric's
        ``compute_metrics``, which for ours reads the annotations, for MMPose's has read
        them before, or from two files to the numbers; and ``peak_mb``, what the process
        held at most above its imports, with the predictions.

    Raises:
        RuntimeError: If a process fails, or two sides find different scores.
    """
    with tempfile.TemporaryDirectory() as folder:
        truth, results = (
            str(Path(folder, 'truth.json')),
            str(Path(folder, 'found.json')),
        )
        write_files(truth, results, num_items)
        sides = {
            'ours': (_ours, truth, num_items),
            'mmpose': (_mmpose, truth, num_items),
            'ours, from files': (_ours_from_files, truth, results),
            'xtcocotools, from files': (_xtcocotools_from_files, truth, results),
        }
        figures = {side: [] for side in sides}
        for _ in range(rounds):
            for side, work in sides.items():
                figures[side].append(measure(*work))
    medians = {
        side: dict(items=num_items)
        | {name: statistics.median(turn[name] for turn in turns) for name in turns[0]}
        for side, turns in figures.items()
    }
    _check_equal(medians, 'ours', 'mmpose')
    _check_equal(medians, 'ours, from files', 'xtcocotools, from files')
    return medians


def _check_equal(figures: dict[str, dict[str, float]], *sides: str) -> None:
    scores = [figures[side]['AP'] for side in sides]
    if abs(scores[0] - scores[1]) > 1e-9:
        raise RuntimeError(f'the AP of {sides} is not the same: {scores}')


# ------------------------------------------------------------------------ the garments


@dataclass(frozen=True)
class _Item:
    """A garment and its prediction; points in pixels of the image."""

    item_id: int
    image_id: int
    garment: garments.Garment
    box_xywh: tuple[int, int, int, int]
    points: np.ndarray  # (K, 3), int: x, y, v
    found: np.ndarray  # (K, 3), float32: x, y, score
    box_score: float


def _items(num: int, seed: int = 0) -> Iterator[_Item]:
    rng = np.random.default_rng(seed)
    known = list(garments.benchmark(BENCHMARK).garments.values())
    num_images = max(1, round(num * NUM_IMAGES / NUM_ITEMS))
    for index in range(num):
        garment = known[rng.integers(len(known))]
        count = len(garment.channels)
        # From a tenth of the picture's width and height to all of it.
        size = (SIZE_WH * rng.uniform(0.1, 1, 2)).astype(int)
        corner = rng.integers(0, SIZE_WH - size + 1)
        points = np.empty((count, 3), int)
        points[:, :2] = rng.integers(corner, corner + size, (count, 2))
        points[:, 2] = rng.integers(1, 3, count)
        found = rng.uniform(0, 1, (count, 3))
        share = rng.choice([0.01, 0.03, 0.06])  # of the garment's size
        found[:, :2] = points[:, :2] + rng.normal(0, share, (count, 2)) * size
        yield _Item(
            item_id=index + 1,
            image_id=1 + index * num_images // num,
            garment=garment,
            box_xywh=(*corner.tolist(), *size.tolist()),
            points=points,
            found=found.astype(np.float32),
            box_score=rng.random(),
        )


def write_files(truth: str, results: str, num_items: int) -> None:
    """Write annotations, as the converter does, and the official result list."""
    with open(truth, 'w', encoding='utf-8') as file:
        write_coco(
            file,
            dict(description='random numbers'),
            coco_categories(BENCHMARK),
            _images(num_items),
            map(_annotation, _items(num_items)),
        )
    with open(results, 'w', encoding='utf-8') as file:
        write_results(file, map(_result, _items(num_items)))


def _images(num_items: int) -> Iterator[dict]:
    width, height = SIZE_WH
    for item_id in range(1, max(1, round(num_items * NUM_IMAGES / NUM_ITEMS)) + 1):
        yield dict(
            id=item_id, file_name=f'{item_id:06d}.jpg', width=width, height=height
        )


def _annotation(item: _Item) -> dict:
    keypoints = np.zeros((len(garments.keypoints(BENCHMARK)), 3), int)
    keypoints[list(item.garment.channels)] = item.points
    return dict(
        id=item.item_id,
        image_id=item.image_id,
        category_id=item.garment.category_id,
        bbox=list(item.box_xywh),
        area=item.box_xywh[2] * item.box_xywh[3],
        iscrowd=0,
        num_keypoints=len(item.points),
        keypoints=keypoints.ravel().tolist(),
    )


def _result(item: _Item) -> dict:
    return dict(
        image_id=item.image_id,
        category_id=item.garment.category_id,
        score=item.box_score,
        keypoints=item.found,
    )


def _sample(item: _Item) -> dict:
    """What a test run hands to its metrics."""
    keypoints = np.zeros((1, len(garments.keypoints(BENCHMARK)), 3), np.float32)
    keypoints[0, list(item.garment.channels)] = item.found
    x, y, width, height = item.box_xywh
    boxes = np.array([[x, y, x + width, y + height]], np.float32)
    return dict(
        id=item.item_id,
        img_id=item.image_id,
        category_id=item.garment.category_id,
        pred_instances=dict(
            # Arrays of their own, as the networks make them.
            keypoints=keypoints[..., :2].copy(),
            keypoint_scores=keypoints[..., 2].copy(),
            bboxes=boxes,
            bbox_scores=np.array([item.box_score]),
        ),
        gt_instances=dict(bboxes=boxes),
    )


# --------------------------------------------------------------------------- the sides

Work = Callable[[], dict[str, float]]


def _metric_work(metric, num_items: int) -> Work:
    from mmengine.logging import MMLogger

    MMLogger.get_current_instance().setLevel('ERROR')
    for item in _items(num_items):
        metric.process({}, [_sample(item)])

    def compute():
        with contextlib.redirect_stdout(io.StringIO()):
            return dict(AP=metric.compute_metrics(metric.results)['AP'])

    return compute


def _ours(truth: str, num_items: int) -> Work:
    from fashion_mmpose.evaluation.metrics import GarmentOKS

    metric = GarmentOKS(ann_file=truth)
    # As the data set of a test tells: all of its samples are there.
    metric.dataset_meta = garments.metainfo(BENCHMARK) | dict(num_samples=num_items)
    return _metric_work(metric, num_items)


def _mmpose(truth: str, num_items: int) -> Work:
    from mmpose.datasets.datasets.utils import parse_pose_metainfo
    from mmpose.evaluation import CocoMetric

    with contextlib.redirect_stdout(io.StringIO()):
        metric = CocoMetric(ann_file=truth, score_mode='bbox', nms_mode='none')
    metric.dataset_meta = parse_pose_metainfo(garments.metainfo(BENCHMARK))
    return _metric_work(metric, num_items)


def _ours_from_files(truth: str, results: str) -> Work:
    from fashion_mmpose.evaluation.functional.oks import score_files

    return lambda: dict(AP=score_files(truth, results).numbers['AP'])


def _xtcocotools_from_files(truth: str, results: str) -> Work:
    from xtcocotools.coco import COCO
    from xtcocotools.cocoeval import COCOeval

    sigmas = np.array(garments.metainfo(BENCHMARK)['sigmas'])

    def score():
        with contextlib.redirect_stdout(io.StringIO()):
            coco = COCO(truth)
            evaluator = COCOeval(coco, coco.loadRes(results), 'keypoints', sigmas)
            evaluator.params.useSegm = None
            evaluator.evaluate()
            evaluator.accumulate()
            evaluator.summarize()
        return dict(AP=float(evaluator.stats[0]))

    return score
