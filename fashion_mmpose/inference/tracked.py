"""Garments of videos, with identities and steady landmarks."""

from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import replace

from fashion_mmpose.errors import PictureError
from fashion_mmpose.garments import GarmentPrediction
from fashion_mmpose.media.reading import Picture, load_pictures
from fashion_mmpose.media.sources import Input, Source, find_sources
from fashion_mmpose.tracking import (
    BoxTracker,
    CutDetector,
    FrameBoxes,
    PointSmoother,
    Tracks,
)
from fashion_mmpose.tracking.association import SECONDS_LOST
from fashion_mmpose.tracking.smoothing import DEFAULT_FPS
from fashion_mmpose.tracking.tracks import between

from .boxes.crops import Crop, predict_crops
from .boxes.requests import boxes_of_category
from .detections import Detections
from .picture_prediction import PicturePrediction
from .protocols import Detector, PoseNetwork

LIVE = ('camera', 'stream')  # frames that wait are old when it is their turn


class VideoTracking:
    """Follows the garments of one video after the other.

    The detector sees every ``detect_every``-th frame and the first one of a scene; in
    between, boxes move from what it saw before to what it sees next. So frames wait for
    the next one that it sees, and no longer.

    Args:
        networks: The pose network of every category.
        detector: The detector.
        batch_size: So many frames go through the networks at once.
        category: The garments' category; None for all that the detector finds.
        detect_every: See above.
        smooth: Whether landmarks are smoothed.
        garment_thr: Garments that score lower in a frame are left out of it. Defaults
            to 0.

    Raises:
        ValueError: If there is no detector, or an argument is wrong.
    """

    def __init__(
        self,
        networks: Mapping[str, PoseNetwork],
        detector: Detector | None,
        batch_size: int,
        category: str | None,
        detect_every: int,
        smooth: bool,
        garment_thr: float = 0.0,
    ) -> None:
        if detect_every < 1:
            raise ValueError(f'detect_every must be at least 1, got {detect_every}')
        if detector is None:
            raise ValueError(
                'garments are followed by their boxes; to fix it: give a detector'
            )
        # A list, as a call takes one, has no place among the keys.
        if category not in (None, *networks):
            raise ValueError(
                f'there is no network for {category!r}, only for {list(networks)}; to '
                'fix it: name one category for all frames, or none'
            )
        self._networks = networks
        self._detector = detector
        self._batch_size = batch_size
        self._category = category
        self._every = detect_every
        self._smooth = smooth
        self._garment_thr = garment_thr
        # So many frames go through the networks at once.
        self._size = detect_every * max(1, batch_size // detect_every)

    def run(
        self, inputs: Input | Iterable[Input] | Iterable[Source], is_skipping: bool
    ) -> Generator[PicturePrediction]:
        """The garments of all frames, in order.

        Args:
            inputs: See :meth:`GarmentInferencer.track`.
            is_skipping: Whether what cannot be read is passed over.

        Raises:
            ValueError: If an input is a picture.
        """
        sources = list(find_sources(inputs))
        for each in sources:
            if each.is_single:
                raise ValueError(
                    f'{each.image} is a picture, but garments are followed in videos; '
                    'to fix it: leave it out, or predict without tracks'
                )
        is_live = any(each.kind in LIVE for each in sources)
        loaded = load_pictures(sources, 1 if is_live else self._batch_size)
        return self._run(loaded, is_skipping)

    def _run(
        self, loaded: Iterator[Picture], is_skipping: bool
    ) -> Generator[PicturePrediction]:
        source = None
        window: list[Picture] = []
        with closing(loaded) as pictures:
            for picture in pictures:
                if picture.error:
                    yield from self._flush(window)
                    window = []
                    if not is_skipping:
                        raise PictureError(picture.error)
                    yield PicturePrediction(picture, ())
                    continue
                if picture.source is not source:
                    yield from self._flush(window)
                    window = []
                    source = picture.source
                    self._begin(picture)
                window.append(picture)
                if len(window) > self._size or source.kind in LIVE:
                    done = self._advance(window)
                    yield from self._predict(window[: len(done)], done)
                    del window[: len(done)]
            yield from self._flush(window)

    def _begin(self, first: Picture) -> None:
        """Forget the video before."""
        self._fps = first.fps or DEFAULT_FPS
        score_thr = getattr(self._detector, 'score_thr', 0.3)
        rate = self._fps / self._every
        self._tracks = Tracks(BoxTracker(rate, score_thr), rate)
        self._cuts = CutDetector()
        # Of every track, and the number of the picture where it was seen last.
        self._smoothers: dict[int, tuple[PointSmoother, int]] = {}
        # What the detector saw in the first frame of the window, if it was asked.
        self._seen: dict[int, FrameBoxes] = {}
        self._scenes: dict[int, bool] = {}
        self._since = 0

    def _flush(self, window: Sequence[Picture]) -> Iterator[PicturePrediction]:
        if window:
            yield from self._predict(window, self._advance(window, is_end=True))

    def _advance(
        self, window: Sequence[Picture], is_end: bool = False
    ) -> list[FrameBoxes]:
        """The boxes of the first frames, up to the last that the detector saw."""
        asked = []
        for row, picture in enumerate(window):
            number = picture.image_id
            if number in self._scenes:
                continue
            is_cut = self._cuts.is_cut(picture.pixels)
            self._scenes[number] = is_cut
            self._since = 0 if is_cut else self._since
            if self._since % self._every == 0:
                asked.append(row)
            self._since += 1
        for row, found in zip(asked, self._detect([window[row] for row in asked])):
            number = window[row].image_id
            if self._scenes[number]:
                self._tracks.cut()
            self._seen[number] = self._tracks.update(
                found.bboxes, found.scores, found.labels
            )
        rows = [r for r, each in enumerate(window) if each.image_id in self._seen]
        boxes: list[FrameBoxes] = []
        for row, following in zip(rows, [*rows[1:], None]):
            before = self._seen[window[row].image_id]
            if following is None:
                if is_end:
                    held = between(before, None, len(window) - row - 1)
                    boxes += [before, *held]
                elif self._every == 1:
                    boxes.append(before)
                break
            number = window[following].image_id
            after = None if self._scenes[number] else self._seen[number]
            boxes += [before, *between(before, after, following - row - 1)]
        for picture in window[: len(boxes)]:
            self._seen.pop(picture.image_id, None)
            self._scenes.pop(picture.image_id, None)
        return boxes

    def _detect(self, pictures: Sequence[Picture]) -> list[Detections]:
        if not pictures:
            return []
        pixels = [picture.pixels for picture in pictures]
        wanted = [self._category] * len(pixels)
        found = self._detector.detect(pixels, self._batch_size, wanted)
        return [boxes_of_category(each, self._category) for each in found]

    def _predict(
        self, pictures: Sequence[Picture], boxes: Sequence[FrameBoxes]
    ) -> Iterator[PicturePrediction]:
        """The landmarks in the boxes, whose crops are batched together."""
        if not pictures:  # all of them wait for what the detector sees next
            return
        networks = self._networks
        crops, tracks, ends = [], [], []
        for picture, frame in zip(pictures, boxes):
            for track, bbox, score, label in zip(
                frame.tracks, frame.bboxes, frame.scores, frame.labels
            ):
                if label in networks:
                    crop = Crop(picture, bbox, float(score), label, networks[label])
                    crops.append(crop)
                    tracks.append(track)
            ends.append(len(crops))
        found = predict_crops(crops, self._batch_size)
        for picture, start, end in zip(pictures, [0, *ends], ends):
            named = zip(tracks[start:end], found[start:end])
            followed = [self._followed(track, each) for track, each in named]
            shown = [each for each in followed if each.score >= self._garment_thr]
            yield PicturePrediction(picture, tuple(shown))
        # A track that has not been seen for so long has ended.
        oldest = pictures[-1].image_id - round(2 * SECONDS_LOST * self._fps)
        kept = {k: each for k, each in self._smoothers.items() if each[1] >= oldest}
        self._smoothers = kept

    def _followed(self, track: int, found: GarmentPrediction) -> GarmentPrediction:
        if not self._smooth:
            return replace(found, track_id=track)
        now = found.image_id
        smoother, last = self._smoothers.get(track, (PointSmoother(self._fps), now))
        for _ in range(last + 1, now):
            smoother.skip(found)
        self._smoothers[track] = smoother, now
        return replace(found, track_id=track, keypoints=smoother.update(found))
