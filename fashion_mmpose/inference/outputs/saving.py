"""Predictions as files, written picture by picture."""

import os
from collections import Counter, deque
from collections.abc import Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Self

import numpy as np

from fashion_mmpose import garments, interrupts
from fashion_mmpose.files.json_file import JsonList, encode
from fashion_mmpose.files.parallel import usable_cores
from fashion_mmpose.files.pictures.pixels import write_picture
from fashion_mmpose.formats.fashionai.tianchi import fits_cell, write_tianchi
from fashion_mmpose.garments import GarmentPrediction
from fashion_mmpose.garments.layout import full_layout
from fashion_mmpose.inference.picture_prediction import PicturePrediction
from fashion_mmpose.media.sources import Source
from fashion_mmpose.media.videos.remux import has_sound, take_times_and_sound
from fashion_mmpose.media.videos.writing import VideoFile
from fashion_mmpose.visualization.pictures import KEYPOINT_THR, draw_predictions

from .names import drawn_paths
from .run_files import RunFiles

JSON_NAME = 'predictions.json'
CSV_NAME = 'predictions.csv'
DRAWN_FOLDER = 'drawn'
UNFINISHED = 'predictions.unfinished'
DEFAULT_FPS = 25.0  # of cameras, which seldom tell
# Whose frame times and sound drawn videos get.
TIMED = ('.mp4', '.mov', '.m4v', '.mkv', '.webm')
_MAX_DRAWING = 8  # pictures that wait to be drawn


def check_csv(sources: Mapping[str, Source], benchmarks: Iterable[str]) -> None:
    """Make sure that the challenge's CSV can hold what will be predicted.

    Raises:
        ValueError: If a source is a video, a name cannot be an id of the challenge, or
            key points are not FashionAI's.
    """
    others = sorted(set(benchmarks) - {'fashionai'})
    if others:
        raise ValueError(
            f'CSV is the form of FashionAI, not of {", ".join(others)}; to fix it: '
            'leave the CSV out, and take the JSON, which holds garments of all kinds'
        )
    for name, source in sources.items():
        if not source.is_single:
            raise ValueError(
                f'CSV holds one garment per picture; {name} is a {source.kind}; to '
                'fix it: leave the CSV out, and take the JSON'
            )
        if not fits_cell(name):
            raise ValueError(
                f'{name!r} cannot be an id in a CSV: commas, control characters such '
                'as line ends, outer blanks and a quote at the beginning are not '
                'allowed; to fix it: rename the file'
            )


class PredictionFiles(RunFiles):
    """Writes predictions into a folder; to be used in a ``with`` block.

    - ``predictions.json``: a COCO result list; every entry names its picture.
    - ``predictions.csv``: the Tianchi form, for every picture the best garment.
    - ``drawn/``: the pictures with their garments, named like them; MPEG-4 videos.

    They appear together when the block is left, so that old and new never lie side by
    side. Until then, what is drawn lies in ``predictions.unfinished``; that folder of a
    killed run is removed. Leaving the block by an exception gives all of them up; catch
    what shall keep them, such as a KeyboardInterrupt, inside of it.

    Args:
        out_dir: The folder; made where it is missing.
        sources: Names of the sources, see :func:`.names.name_sources`.
        with_json: Write the JSON. Defaults to True.
        with_csv: Write the CSV. Defaults to False.
        with_drawn: Draw the pictures. Defaults to False.
        fps: Frames per second of drawn videos; None for the video's own. Defaults to
            None.
        keypoint_thr: Points that are scored lower are not drawn. Defaults to 0.2.
        with_names: Write the points' names into the pictures. Defaults to False.

    Attributes:
        num_pictures: So many were added.
        num_empty: So many of these have no garment.
        num_garments: So many of each category were found.
        without_sound: Videos that could not get their source's sound, and why.

    Raises:
        ValueError: If an input would be drawn over, or is what a killed run has drawn.
    """

    def __init__(
        self,
        out_dir: str | os.PathLike,
        sources: Mapping[str, Source],
        with_json: bool = True,
        with_csv: bool = False,
        with_drawn: bool = False,
        fps: float | None = None,
        keypoint_thr: float = KEYPOINT_THR,
        with_names: bool = False,
    ) -> None:
        super().__init__(out_dir, UNFINISHED, sources)
        self.num_pictures = 0
        self.num_empty = 0
        self.num_garments = Counter()
        self._names = {source: name for name, source in sources.items()}
        self._drawn_paths = {}
        if with_drawn:
            self._drawn_paths = drawn_paths(self.out_dir / DRAWN_FOLDER, sources)
        self._with_json = with_json
        self._with_drawn = with_drawn
        self._fps = fps
        self._style = dict(keypoint_thr=keypoint_thr, with_names=with_names)
        self._rows: dict[str, GarmentPrediction] | None = {} if with_csv else None
        self._video: VideoFile | None = None
        self._video_source: Source | None = None
        self.without_sound: list[str] = []
        self._drawing: deque[Future] = deque()

    def __enter__(self) -> Self:
        super().__enter__()
        self._pool = ThreadPoolExecutor(min(4, usable_cores()))
        self._json = None
        if self._with_json:
            self._json = self._outputs.open(self.out_dir / JSON_NAME)
            self._entries = JsonList(self._json, lines=True)
        return self

    def add(self, predicted: PicturePrediction) -> None:
        """Write a picture's garments.

        Args:
            predicted: Frames of a video come one after the other.

        Raises:
            OSError: If a file cannot be written.
            ValueError: If OpenCV cannot write pictures of that kind.
        """
        # An interrupt waits for the next picture: half of one would be missing
        # frames in a video.
        with interrupts.deferred():
            self._add(predicted)

    def _add(self, predicted: PicturePrediction) -> None:
        name = self._names[predicted.picture.source]
        found = predicted.garments
        if self._json is not None and found:
            for entry in [coco_text(each, name) for each in found]:
                self._entries.add(entry)
        if self._rows is not None and found:
            self._rows[name] = max(found, key=lambda each: each.score)
        self.num_pictures += 1
        self.num_empty += not found
        self.num_garments.update(each.category for each in found)
        if self._with_drawn and predicted.picture.source.is_single:
            self._draw_later(predicted, self._drawn_paths[name])
        elif self._with_drawn:
            self._draw_frame(predicted, self._drawn_paths[name])

    def of_other_runs(self) -> list[str]:
        """What of the folder this run has not written, in words."""
        own = {JSON_NAME: self._with_json, CSV_NAME: self._rows is not None}
        return self._of_others(own, DRAWN_FOLDER, self._drawn_paths.values())

    def _finish(self) -> None:
        self._finish_video()
        while self._drawing:
            self._drawing.popleft().result()
        if self._json is not None:
            self._entries.close()
            self._json.write('\n')
        if self._rows is not None:
            path = self.out_dir / CSV_NAME
            with self._made(path) as own:
                write_rows(own, self._rows)

    def _leave(self, error_type, error) -> None:
        if self._video is not None:
            self._video.discard()
        self._pool.shutdown(cancel_futures=True)
        super()._leave(error_type, error)

    def _draw_later(self, predicted: PicturePrediction, path: Path) -> None:
        # OpenCV gives the other threads way while it draws and writes.
        while len(self._drawing) >= _MAX_DRAWING:
            self._drawing.popleft().result()
        self._drawing.append(self._pool.submit(self._draw, predicted, path))

    def _draw(self, predicted: PicturePrediction, path: Path) -> None:
        with self._made(path) as own:
            write_picture(own, self._drawn(predicted))

    def _draw_frame(self, predicted: PicturePrediction, path: Path) -> None:
        own = self._unfinished / path.relative_to(self.out_dir)
        if self._video is None or self._video.path != own:
            self._finish_video()
            own_fps = predicted.picture.fps or DEFAULT_FPS
            self._outputs.add(own, path)
            self._video = VideoFile(own, self._fps or own_fps)
            self._video_source = predicted.picture.source
        self._video.write(self._drawn(predicted))

    def _finish_video(self) -> None:
        """Close the video, and give it its source's frame times and sound."""
        video, source = self._video, self._video_source
        if video is None or source is None:
            return
        video.finish()
        if source.kind != 'video' or self._fps is not None:
            return  # frames that are shown at another rate fit no sound
        name = self._names.get(source, source.name)
        if not str(source.image).lower().endswith(TIMED):
            # AVI, for one, counts frames in a time base that MP4 does not keep.
            if has_sound(str(source.image)):
                self.without_sound.append(
                    f'{name} is drawn without sound, which is taken from '
                    f'{", ".join(TIMED)} only'
                )
            return
        timed = video.path.with_name(f'.timed.{video.path.name}')
        try:
            take_times_and_sound(video.path, str(source.image), timed)
            os.replace(timed, video.path)
        except (ImportError, OSError, ValueError) as error:
            self.without_sound.append(
                f'{name} is drawn at even times and without sound: {error}'
            )

    def _drawn(self, predicted: PicturePrediction) -> np.ndarray:
        return draw_predictions(
            predicted.picture.pixels, predicted.garments, **self._style
        )


def coco_text(garment: GarmentPrediction, name: str) -> str:
    """An entry of ``predictions.json``.

    Args:
        garment: The garment.
        name: What its picture is called.

    Raises:
        ValueError: If it is at no finite position.
    """
    entry = dict(garment.to_dict(), image=name)
    # They are the category's, entry by entry.
    entry.pop('keypoint_names', None)
    try:
        return encode(entry)
    except ValueError as error:
        raise ValueError(
            f'{name}: the network finds a {garment.category} at no finite position'
        ) from error


def write_rows(path: str | os.PathLike, rows: Mapping[str, GarmentPrediction]) -> None:
    """Write FashionAI garments as a CSV of the challenge, in whole pixels.

    Args:
        path: The file.
        rows: The garment of every picture, by the challenge's id of the picture.
    """
    num_keypoints = len(garments.keypoints('fashionai'))
    cells = np.zeros((len(rows), num_keypoints, 3))
    for cell, garment in zip(cells, rows.values()):
        own = np.column_stack((garment.keypoints, np.ones(len(garment.names))))
        cell[:] = full_layout(own, garment.garment)
    categories = [garment.category for garment in rows.values()]
    write_tianchi(path, list(rows), categories, cells)
