"""The starter by onnxruntime against the starter by PyTorch."""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import torch

from fashion_mmpose import starter
from fashion_mmpose.files.pictures.pixels import read_picture
from fashion_mmpose.inference import GarmentInferencer
from fashion_mmpose.inference.onnx.detector import OnnxGarmentDetector
from fashion_mmpose.inference.onnx.pose import OnnxPoseNetwork
from fashion_mmpose.synthetic import draw_deepfashion2

from .infer import detector_layers, pose_layers
from .report import Figures
from .timing import alternate

SEED = 5
BATCH_SIZE = 8
_PAUSE_S = 0.5

START = """
import sys
from fashion_mmpose import GarmentInferencer
found = GarmentInferencer(*sys.argv[2:], device='cpu').predict(sys.argv[1]).garments
assert found
"""


def starter_on_both(rounds: int, num_pictures: int = 8, num_starts: int = 3) -> Figures:
    """Time from JPEG files of drawn outfits to landmarks, and to start with one.

    Args:
        rounds: Turns of each side.
        num_pictures: Pictures of a turn.
        num_starts: Fresh processes of each side.

    Returns:
        Figures: Of each side ``ms_per_image`` and ``images_per_second`` of the one
        call; ``overhead_percent``, what the call takes besides both networks, in
        relation to these; and ``start_s``, seconds of a fresh process that loads the
        networks and finds the garments of one picture. Networks are the layers of
        PyTorch's, and the whole graphs of onnxruntime, with the decoding.
    """
    # Sessions of onnxruntime take their threads from here, as processes do.
    os.environ['OMP_NUM_THREADS'] = str(torch.get_num_threads())
    configs = (
        *starter.config_and_weights('deepfashion2'),
        *starter.config_and_weights(starter.DETECTOR),
    )
    sides = {'ours': (), 'pytorch': configs}
    with tempfile.TemporaryDirectory() as folder:
        paths = _draw(Path(folder), num_pictures)
        built = {name: _Side(networks, paths) for name, networks in sides.items()}
        work = {
            (name, part): function
            for name, side in built.items()
            for part, function in side.work().items()
        }
        times = alternate(work, rounds, _PAUSE_S)
        starts = {
            name: _start_s(paths[0], networks, num_starts)
            for name, networks in sides.items()
        }
    figures = {}
    for name in sides:
        whole = times[name, 'call']
        networks = times[name, 'detector'] + times[name, 'pose']
        figures[name] = dict(
            ms_per_image=whole,
            images_per_second=1e3 / whole,
            overhead_percent=100 * (whole / networks - 1),
            start_s=starts[name],
        )
    return figures


class _Side:
    """An inferencer, and what of it is timed."""

    def __init__(self, networks: tuple[str, ...], paths: list[str]) -> None:
        self.paths = paths
        self.inferencer = GarmentInferencer(
            *networks, device='cpu', batch_size=BATCH_SIZE
        )
        self.detector = self.inferencer.detector
        self.network = next(iter(self.inferencer.networks.values()))
        pixels = [read_picture(path) for path in paths]
        samples = [
            self.network.sample(image, label, bbox, score)
            for image, found in zip(pixels, self.detector.detect(pixels, BATCH_SIZE))
            for bbox, score, label in zip(found.bboxes, found.scores, found.labels)
        ]
        # As the call sends them: crops of all pictures together.
        self.batches = [
            samples[start : start + BATCH_SIZE]
            for start in range(0, len(samples), BATCH_SIZE)
        ]
        self.pixels = pixels

    def work(self) -> dict[str, Callable[[], int]]:
        """The call, and the networks in it; each gives the number of pictures."""
        is_exported = isinstance(self.network, OnnxPoseNetwork)
        if is_exported:
            detector, pose = self._detector_graph(), self._pose_graph()
        else:
            detector = detector_layers(self.detector, self.paths)
            layers = pose_layers(self.network, self.batches)

            def pose() -> int:
                layers()
                return len(self.paths)

        return dict(
            call=lambda: len(list(self.inferencer(self.paths))),
            detector=detector,
            pose=pose,
        )

    def _detector_graph(self) -> Callable[[], int]:
        detector: OnnxGarmentDetector = self.detector
        told = detector.metadata.input
        inputs = told.batch([told.resize(image) for image in self.pixels])

        def work() -> int:
            detector.session.run(('boxes', 'scores'), images=inputs)
            return len(self.paths)

        return work

    def _pose_graph(self) -> Callable[[], int]:
        inputs = [self.network.inputs(batch) for batch in self.batches]

        def work() -> int:
            for each in inputs:
                self.network.session.run(('points', 'scores'), **each)
            return len(self.paths)

        return work


def _draw(folder: Path, num: int) -> list[str]:
    paths = []
    for index in range(num):
        paths.append(str(folder / f'{index}.jpg'))
        cv2.imwrite(paths[-1], draw_deepfashion2(SEED, index).image)
    return paths


def _start_s(path: str, networks: tuple[str, ...], num: int) -> float:
    """Median seconds of fresh processes that find the garments of a picture."""
    seconds = []
    for _ in range(num):
        start = time.perf_counter()
        subprocess.run(
            [sys.executable, '-c', START, path, *networks],
            check=True,
            capture_output=True,
        )
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)
