"""Draw what a test run predicts."""

import os
from collections import defaultdict
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from mmengine.evaluator import BaseMetric
from mmengine.logging import MMLogger
from mmpose.registry import METRICS
from tqdm import tqdm

from fashion_mmpose import garments
from fashion_mmpose.evaluation.functional.samples import (
    REQUIRED,
    check_sample,
    predicted_garment,
)
from fashion_mmpose.files.folders import relative_names
from fashion_mmpose.files.parallel import usable_cores
from fashion_mmpose.files.pictures.pixels import read_picture, write_picture
from fashion_mmpose.visualization.pictures import (
    KEYPOINT_THR,
    draw_predictions,
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
        keypoint_thr: float = KEYPOINT_THR,
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
            data_samples: See
                :func:`fashion_mmpose.evaluation.functional.samples.predicted_garment`,
                with ``img_path``.

        Raises:
            ValueError: If a key is missing.
        """
        benchmark = garments.benchmark_of(self.dataset_meta)
        for sample in data_samples:
            check_sample(sample, (*REQUIRED, 'img_path'))
            self.results.append(predicted_garment(sample, benchmark))

    def metric_names(self) -> list[str]:
        """No names: it gives no number."""
        return []

    def compute_metrics(self, results: list[garments.GarmentPrediction]) -> dict:
        """Draw the pictures; an empty dict.

        Raises:
            PictureError: If a picture cannot be read.
            ValueError: If OpenCV cannot write pictures of that kind, or a drawing would
                replace a picture.
        """
        pictures = defaultdict(list)
        for result in results:
            pictures[result.image].append(result)
        names = relative_names(list(pictures))
        keep_originals(self.out_dir, names)

        def draw(path: str) -> None:
            shown = [each for each in pictures[path] if each.bbox_score >= self.box_thr]
            drawn = draw_predictions(read_picture(path), shown, self.keypoint_thr)
            write_picture(self.out_dir / names[path], drawn)

        # OpenCV gives the other threads way while it reads, draws and writes.
        with ThreadPoolExecutor(min(8, usable_cores())) as pool:
            done = pool.map(draw, pictures)
            for _ in tqdm(done, 'pictures', len(pictures), disable=None):
                pass
        MMLogger.get_current_instance().info(
            f'{len(pictures)} pictures drawn into {self.out_dir}'
        )
        return {}


def keep_originals(out_dir: str | os.PathLike, names: Mapping[str, str]) -> None:
    """Make sure that no drawing takes the place of a picture that is drawn on.

    Args:
        out_dir: Folder of the drawings.
        names: Of the drawings, below it, by the paths of the pictures.

    Raises:
        ValueError: If one would.
    """
    originals = {os.path.realpath(path) for path in names}
    for path, name in names.items():
        if os.path.realpath(os.path.join(out_dir, name)) in originals:
            raise ValueError(
                f'{out_dir} has the pictures that are tested, and drawings would '
                f'replace them, {path} among them; to fix it: draw into another folder'
            )
