"""From pictures to garments with landmarks, in one call."""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import numpy as np

import fashion_mmpose
from fashion_mmpose.errors import PictureError
from fashion_mmpose.media.reading import Picture, load_pictures
from fashion_mmpose.media.sources import Input, Source, find_sources

from .box_requests import (
    Boxes,
    Categories,
    Request,
    boxes_of_category,
    read_requests,
    whole_picture,
)
from .crops import Crop, predict_crops
from .detections import Detections
from .prediction import GarmentPrediction
from .protocols import Detector

ConfigLike = Any  # a path, a name or a loaded config of MMEngine
WeightsLike = str | os.PathLike | None

ON_ERROR = ('raise', 'skip')


@dataclass(frozen=True, eq=False)
class PicturePrediction:
    """A picture and the garments in it.

    Attributes:
        picture: Its pixels, and where they come from.
        garments: Those that were found, in the order of their boxes.
    """

    picture: Picture
    garments: tuple[GarmentPrediction, ...]


@dataclass(frozen=True)
class SkippedPicture:
    """A picture that could not be read.

    Attributes:
        image_id: Its number among all pictures and frames of the call, from 0.
        image: Path of the picture or the video, or the number of a camera.
        reason: Why not.
    """

    image_id: int
    image: str | int
    reason: str


class GarmentInferencer:
    """Finds garments in pictures, and the landmarks of each.

    Example:
        >>> inferencer = GarmentInferencer(
        ...     pose='cpn_r152_fashionai_all', pose_weights='cpn.pth',
        ...     det='detection/rtmdet_tiny_fashionai', det_weights='det.pth')
        >>> for garment in inferencer('shop/*.jpg'):
        ...     print(garment.image, garment.category, garment.keypoints)

    Args:
        pose: The pose network of all categories: path of a config, the bare name of
            one that the package carries, or a loaded config. Or for each category its
            own: a dict of names to configs or to pairs of config and weights.
        pose_weights: Path of its checkpoint; None for an ensemble, whose members name
            theirs, and for a dict.
        det: The garment detector: a config as above, or an object with ``detect`` as
            :class:`GarmentDetector`. Its label chooses the pose network and the key
            points; garments that there is no network for are left out. None where
            garments fill their pictures, or the caller has boxes. Defaults to None.
        det_weights: Path of its checkpoint.
        device: ``'auto'`` (a GPU if there is one), or a device of PyTorch. Defaults to
            ``'auto'``.
        batch_size: At most so many pictures go through the detector, and so many crops
            of one or several pictures through a pose network, at once. Defaults to 8.
        det_score_thr: Boxes of lower scores are left out. Defaults to 0.3.
        max_per_image: Only so many boxes of a picture, the best. Defaults to 100.
        det_max_overlap: Of boxes of any categories that overlap by more than that, only
            the best stays; see :class:`GarmentDetector`. Defaults to None, all stay.

    Attributes:
        networks: The pose network of every category.
        detector: The detector, or None.
        skipped: The pictures that the last call with ``on_error='skip'`` has left out
            up to now.

    Raises:
        FileNotFoundError: If there is no such checkpoint.
        TypeError: If ``det`` is neither a config nor a detector.
        ValueError: If there is no such config, or it is not what it should be, weights
            do not fit it, or what the detector finds is nothing to the pose networks.
    """

    def __init__(
        self,
        pose: ConfigLike | Mapping[str, ConfigLike | tuple[ConfigLike, WeightsLike]],
        pose_weights: WeightsLike = None,
        det: ConfigLike | Detector | None = None,
        det_weights: WeightsLike = None,
        device: str = 'auto',
        batch_size: int = 8,
        det_score_thr: float = 0.3,
        max_per_image: int = 100,
        det_max_overlap: float | None = None,
    ) -> None:
        if batch_size < 1:
            raise ValueError(f'batch_size must be at least 1, got {batch_size}')
        self.batch_size = batch_size
        self.skipped: list[SkippedPicture] = []
        self.networks = fashion_mmpose.build_networks(pose, pose_weights, device)
        self.detector = det
        if isinstance(det, (tuple, list, int)):
            raise TypeError(
                f'det is a {type(det).__name__}, neither a config nor an object with '
                'detect()'
            )
        is_config = det is not None and not hasattr(det, 'detect')
        if is_config != (det_weights is not None):
            raise ValueError(
                'det and det_weights go together: the config of a detector and its '
                'checkpoint'
            )
        if is_config:
            self.detector = fashion_mmpose.GarmentDetector(
                det,
                det_weights,
                device,
                det_score_thr,
                max_per_image,
                det_max_overlap,
            )
        classes = getattr(self.detector, 'classes', None)
        if classes is not None and not set(classes) & set(self.networks):
            raise ValueError(
                f'the detector finds {list(classes)}, the pose networks are for '
                f'{list(self.networks)}: they have no category in common'
            )

    def __call__(
        self,
        inputs: Input | Iterable[Input],
        category: Categories = None,
        bboxes: Boxes = None,
        on_error: str = 'raise',
    ) -> Iterator[GarmentPrediction]:
        """Find the garments in pictures.

        Pictures are read while the networks compute, and forgotten when they are done,
        so a video may be of any length.

        Args:
            inputs: A path of a picture, a video or a folder, a pattern such as
                ``'shop/*.jpg'``, an array (BGR, uint8, shape (H, W, 3)), the number of
                a camera; or any number of these.
            category: The garments' category, where no detector tells it; with one,
                other garments are left out. A name for all pictures; or for each
                picture a name, or the names of its boxes. Not needed where there is a
                network for one category only.
            bboxes: For each picture its boxes: x1, y1, x2, y2 in pixels, shape (n, 4),
                or :class:`Detections`; for a single picture without a list around
                them. The detector is not asked then. Without boxes and detector, a
                garment fills its picture.
            on_error: What happens to a picture that cannot be read: ``'raise'``, or
                ``'skip'``, which notes it in :attr:`skipped`. Defaults to ``'raise'``.

        Returns:
            Iterator[GarmentPrediction]: One per garment, in the order of the pictures.

        Raises:
            FileNotFoundError: If a folder holds no picture, or nothing fits a pattern.
            PictureError: If a picture cannot be read, when it is its turn.
            TypeError: If an input is of a type that is no input.
            ValueError: If an array is no picture, or categories or boxes are missing
                or wrong.
        """
        predicted = self.pictures(inputs, category, bboxes, on_error)
        return (garment for each in predicted for garment in each.garments)

    def pictures(
        self,
        inputs: Input | Iterable[Input] | Iterable[Source],
        category: Categories = None,
        bboxes: Boxes = None,
        on_error: str = 'raise',
    ) -> Iterator[PicturePrediction]:
        """The same, picture by picture: those without garments and the pixels too.

        Args:
            inputs: As of a call, or what :func:`find_sources` has made of it.
            category: As of a call.
            bboxes: As of a call.
            on_error: As of a call.

        Returns:
            Iterator[PicturePrediction]: One per picture that was read.
        """
        if on_error not in ON_ERROR:
            raise ValueError(f'unknown on_error {on_error!r}; choose from {ON_ERROR}')
        sources = find_sources(inputs)
        is_list = isinstance(sources, list)
        all_single = is_list and all(source.is_single for source in sources)
        # A pattern or a folder with one picture is not one picture: it may grow.
        is_single = isinstance(inputs, np.ndarray) or (
            isinstance(inputs, (str, os.PathLike))
            and all_single
            and sources[0].image == os.fspath(inputs)
        )
        requests = read_requests(
            category,
            bboxes,
            list(self.networks),
            len(sources) if all_single else None,
            is_single,
            self.detector is not None,
        )
        # A list of its own for every call: an earlier one may still be going on.
        self.skipped = []
        skipped = self.skipped if on_error == 'skip' else None
        is_live = is_list and any(source.kind == 'camera' for source in sources)
        # Frames that wait are old when it is their turn.
        depth = 1 if is_live else self.batch_size
        return self._run(load_pictures(sources, depth), requests, skipped)

    def _run(
        self,
        loaded: Iterator[Picture],
        requests: Iterator[Request],
        skipped: list[SkippedPicture] | None,
    ) -> Iterator[PicturePrediction]:
        window = []
        with closing(loaded) as pictures:
            for picture in pictures:
                request = next(requests, None)
                if request is None:
                    raise ValueError(
                        f'category= or bboxes= has no entry for picture '
                        f'{picture.image_id}'
                    )
                if picture.error and skipped is None:
                    yield from self._predict(window)
                    raise PictureError(picture.error)
                if picture.error:
                    image = picture.source.image
                    skipped.append(
                        SkippedPicture(picture.image_id, image, picture.error)
                    )
                    continue
                window.append((picture, request))
                # Nobody waits for a camera's next frames.
                if len(window) == self.batch_size or picture.source.kind == 'camera':
                    yield from self._predict(window)
                    window = []
            yield from self._predict(window)

    def _predict(
        self, window: Sequence[tuple[Picture, Request]]
    ) -> Iterator[PicturePrediction]:
        """The garments of some pictures, whose crops are batched together."""
        crops = []
        ends = []
        for (picture, _), boxes in zip(window, self._find_boxes(window)):
            for bbox, score, label in zip(boxes.bboxes, boxes.scores, boxes.labels):
                network = self.networks.get(label)
                if network is not None:
                    crops.append(Crop(picture, bbox, float(score), label, network))
            ends.append(len(crops))
        garments = predict_crops(crops, self.batch_size)
        for (picture, _), start, end in zip(window, [0, *ends], ends):
            yield PicturePrediction(picture, tuple(garments[start:end]))

    def _find_boxes(
        self, window: Sequence[tuple[Picture, Request]]
    ) -> list[Detections]:
        """Where the garments are: given, detected, or all over the picture."""
        boxes = {
            row: request.boxes
            for row, (_, request) in enumerate(window)
            if request.boxes is not None
        }
        rest = [row for row in range(len(window)) if row not in boxes]
        if rest and self.detector is not None:
            pixels = [window[row][0].pixels for row in rest]
            boxes.update(zip(rest, self.detector.detect(pixels, self.batch_size)))
        elif rest:
            for row in rest:
                picture, request = window[row]
                boxes[row] = whole_picture(picture.pixels, request.category)
        return [
            boxes_of_category(boxes[row], request.category)
            for row, (_, request) in enumerate(window)
        ]
