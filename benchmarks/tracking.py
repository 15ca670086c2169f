"""How garments of drawn videos are followed, against frame by frame."""

import tempfile
from collections import Counter, defaultdict
from pathlib import Path

import cv2
import numpy as np

from fashion_mmpose.garments import GarmentPrediction
from fashion_mmpose.inference import GarmentInferencer
from fashion_mmpose.synthetic import MovingFrame, MovingGarment, draw_moving
from fashion_mmpose.synthetic.moving import FPS, SIZE_WH

from .report import Figures

SIDES = {
    'ours, frame by frame': None,
    'ours, tracks': dict(detect_every=1, smooth=False),
    'ours, tracks, smooth': dict(detect_every=1, smooth=True),
    'ours, tracks, smooth, every 5th detected': dict(detect_every=5, smooth=True),
}
MIN_OVERLAP = 0.5
MIN_VISIBLE = 0.7


def tracking(rounds: int, num_frames: int = 75) -> Figures:
    """What the starter finds in drawn videos, with and without tracks.

    Args:
        rounds: Videos, each with a seed of its own.
        num_frames: Frames of a video.

    Returns:
        Figures: Of each way, over all garments that are seen (70 % of their box):
        ``found`` and ``right_category``, shares; ``switches``, changes of the track of
        a garment in a minute; ``error``, mean distance of the landmarks;
        ``jitter``, mean second difference of their errors, both in percent of the
        diagonal of the garment's box; ``lag``, frames that points stay behind
        the garment's movement.
    """
    inferencer = GarmentInferencer(device='cpu')
    totals = {name: _Total() for name in SIDES}
    for seed in range(rounds):
        truth = list(draw_moving(seed, num_frames))
        with tempfile.TemporaryDirectory() as folder:
            path = _write(Path(folder) / 'video.avi', truth)
            for name, options in SIDES.items():
                if options is None:
                    found = inferencer(path)
                else:
                    found = inferencer.track(path, **options)
                totals[name].add(truth, [each.garments for each in found])
    return {name: total.figures() for name, total in totals.items()}


def _write(path: Path, truth: list[MovingFrame]) -> str:
    codec = cv2.VideoWriter.fourcc(*'MJPG')
    writer = cv2.VideoWriter(str(path), codec, FPS, SIZE_WH)
    for frame in truth:
        writer.write(frame.image)
    writer.release()
    return str(path)


class _Total:
    """What was counted over all videos."""

    def __init__(self) -> None:
        self.counts = Counter()
        self.errors: list[float] = []
        self.jitters: list[float] = []
        self.behind = np.zeros(2)  # error along the movement, and the movement

    def add(
        self, truth: list[MovingFrame], found: list[tuple[GarmentPrediction, ...]]
    ) -> None:
        last_track: dict[int, int | None] = {}
        off = defaultdict(dict)  # of a garment, frame by frame
        where = defaultdict(dict)
        for number, (frame, garments) in enumerate(zip(truth, found, strict=True)):
            self.counts['frames'] += 1
            for true in frame.garments:
                if true.visible < MIN_VISIBLE:
                    continue
                self.counts['seen'] += 1
                match = _match(true, garments)
                if match is None:
                    continue
                self.counts['found'] += 1
                before = last_track.get(true.number, match.track_id)
                self.counts['switches'] += before != match.track_id
                last_track[true.number] = match.track_id
                if match.category != true.category:
                    continue
                self.counts['right'] += 1
                diagonal = np.hypot(*(true.bbox[2:] - true.bbox[:2]))
                error = (match.keypoints - true.keypoints) / diagonal
                self.errors.append(float(np.hypot(*error.T).mean()))
                off[true.number][number] = error
                where[true.number][number] = true.keypoints / diagonal
        for garment, errors in off.items():
            self._add_movement(errors, where[garment])

    def _add_movement(self, errors: dict, points: dict) -> None:
        for number in errors:
            if number - 1 not in errors or number + 1 not in errors:
                continue
            second = errors[number - 1] - 2 * errors[number] + errors[number + 1]
            self.jitters.append(float(np.hypot(*second.T).mean()))
            moved = (points[number + 1] - points[number - 1]) / 2
            # What is always wrong does not count.
            mean = np.mean(list(errors.values()), axis=0)
            self.behind += -(moved * (errors[number] - mean)).sum(), (moved**2).sum()

    def figures(self) -> dict[str, float]:
        counts = self.counts
        minutes = counts['frames'] / FPS / 60
        return dict(
            found=counts['found'] / counts['seen'],
            right_category=counts['right'] / max(counts['found'], 1),
            switches=counts['switches'] / minutes,
            error=100 * float(np.mean(self.errors)),
            jitter=100 * float(np.mean(self.jitters)),
            lag=self.behind[0] / self.behind[1],
        )


def _match(
    true: MovingGarment, garments: tuple[GarmentPrediction, ...]
) -> GarmentPrediction | None:
    overlaps = [_overlap(true.bbox, each.bbox) for each in garments]
    best = max(range(len(garments)), key=overlaps.__getitem__, default=None)
    return None if best is None or overlaps[best] < MIN_OVERLAP else garments[best]


def _overlap(one: np.ndarray, other: np.ndarray) -> float:
    low, high = np.maximum(one[:2], other[:2]), np.minimum(one[2:], other[2:])
    common = np.prod(np.clip(high - low, 0, None))
    areas = [np.prod(box[2:] - box[:2]) for box in (one, other)]
    return float(common / (sum(areas) - common))
