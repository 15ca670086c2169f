"""Draw what a test run predicts."""

import os
from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from mmengine.evaluator import BaseMetric
from mmengine.logging import MMLogger
from mmpose.registry import METRICS
from tqdm import tqdm

from fashion_mmpose import garments
from fashion_mmpose.files.pictures import read_picture, write_picture
from fashion_mmpose.garments.layout import own_points
from fashion_mmpose.visualization.pictures import (
    ShownGarment,
    draw_garments,
    relative_names,
)


@METRICS.register_module()
class PictureFiles(BaseMetric):
    """Draws the predictions of a test run; computes no number.

    Every picture of the test becomes one file, with all of its garments: MMPose's
    ``PoseVisualizationHook`` draws a file per sample, so a garment each, and finds
    their names by counting files, which processes that share a folder cannot. The
    files are named like the pictures, in the same folders below ``out_dir``, and
    replace those of an earlier run.

    Args:
        out_dir (str): Folder for the pictures.
        box_thr (float): Garments whose box is scored below this are not drawn, but
            the picture is. Defaults to 0.3.
        keypoint_thr (float): Nor are points below this. Defaults to 0.2.
        **kwargs: Arguments of :class:`mmengine.evaluator.BaseMetric`.
    """

    def __init__(
        self,
        out_dir: str,
        box_thr: float = 0.3,
        keypoint_thr: float = 0.2,
        **kwargs,
    ) -> None:
        super().__init__(**kwargs)
        self.out_dir = Path(out_dir)
        self.box_thr = box_thr
        self.keypoint_thr = keypoint_thr

    def process(self, data_batch: Any, data_samples: Sequence[dict]) -> None:
        """Keep a garment's own points of each sample.

        Args:
            data_batch: Not used.
            data_samples: Samples with ``img_path``, ``category_id`` and
                ``pred_instances``: one box, ``keypoints`` (1, C, 2) in pixels of the
                original image, ``keypoint_scores`` (1, C), ``bboxes`` (1, 4) xyxy and
                ``bbox_scores`` (1, ); C is the number of points of the layout.
        """
        benchmark = garments.benchmark_of(self.dataset_meta)
        for sample in data_samples:
            instances = sample['pred_instances']
            garment = garments.category_of_id(benchmark, int(sample['category_id']))
            points = np.column_stack(
                (instances['keypoints'][0][:, :2], instances['keypoint_scores'][0])
            ).astype(np.float32)
            self.results.append(
                dict(
                    path=sample['img_path'],
                    benchmark=benchmark,
                    category=garment.name,
                    box_xyxy=np.asarray(instances['bboxes'][0], np.float32),
                    box_score=float(instances['bbox_scores'][0]),
                    points=own_points(points, garment, sample['img_path']),
                )
            )

    def compute_metrics(self, results: list[dict]) -> dict:
        """Draw the pictures; an empty dict.

        Raises:
            PictureError: If a picture cannot be read.
            ValueError: If OpenCV cannot write pictures of that kind.
        """
        pictures = defaultdict(list)
        for result in results:
            pictures[result['path']].append(result)
        names = relative_names(list(pictures))

        def draw(path: str) -> None:
            shown = [
                self._shown(result)
                for result in pictures[path]
                if result['box_score'] >= self.box_thr
            ]
            write_picture(self.out_dir / names[path], _drawn(path, shown))

        # OpenCV gives the other threads way while it reads, draws and writes.
        with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
            done = pool.map(draw, pictures)
            for _ in tqdm(done, 'pictures', len(pictures), disable=None):
                pass
        MMLogger.get_current_instance().info(
            f'{len(pictures)} pictures drawn into {self.out_dir}'
        )
        return {}

    def _shown(self, result: dict) -> ShownGarment:
        scores = result['points'][:, 2]
        score = result['box_score'] * float(scores.mean())
        return ShownGarment(
            garment=garments.garment(result['benchmark'], result['category']),
            points=result['points'][:, :2],
            box_xyxy=result['box_xyxy'],
            shown=scores >= self.keypoint_thr,
            caption=f'{result["category"].replace("_", " ")} {score:.2f}',
        )


def _drawn(path: str, shown: Sequence[ShownGarment]) -> np.ndarray:
    return draw_garments(read_picture(path), shown)
