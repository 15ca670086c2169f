"""From pictures to garments with landmarks, in one call."""

import os
import warnings
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from typing import Any

import numpy as np

from fashion_mmpose import starter
from fashion_mmpose.errors import PictureError
from fashion_mmpose.garments import GarmentPrediction
from fashion_mmpose.media.reading import Picture, load_pictures
from fashion_mmpose.media.sources import Input, Source, find_sources

from .boxes.alone import boxes_alone
from .boxes.crops import Crop, predict_crops
from .boxes.finding import find_boxes
from .boxes.framing import FramingWarning, whole_picture_doubt
from .boxes.requests import Boxes, Categories, Request, Requests, read_requests
from .building import (
    ConfigLike,
    WeightsLike,
    build_detector,
    build_pose,
    one_of,
    starter_detector,
    starter_network,
)
from .detections import Detections
from .picture_prediction import PicturePrediction
from .protocols import Detector
from .storing import Storable
from .tracked import VideoTracking

ON_ERROR = ('raise', 'skip')


class GarmentInferencer(Storable):
    """Finds garments in pictures, and the landmarks of each.

    Without networks it is the starter, which the package carries. It is run by
    onnxruntime where that is installed and knows the device, which needs no PyTorch
    and starts at once; else by PyTorch.

    Example:
        >>> for predicted in GarmentInferencer()('shop/*.jpg'):
        ...     for garment in predicted.garments:
        ...         print(garment.image, garment.category, garment.keypoints)
        >>> inferencer = GarmentInferencer(
        ...     pose2d='cpn_r152_fashionai_all', pose2d_weights='cpn.pth',
        ...     det_model='detection/rtmdet_tiny_fashionai', det_weights='det.pth')

    Args:
        pose2d: The pose network of all categories: path of a config, the bare name of
            one that the package carries, or a loaded config. Or for each category its
            own: a dict of names to configs or to pairs of config and weights. In the
            place of a config and its weights an exported file may stand, see ``pose``,
            or the address of one of the starter's, such as ``'starter://fashionai'``.
            None for the starter's that ``benchmark`` chooses. Defaults to None.
        pose2d_weights: Path of its checkpoint; None for an ensemble, whose members name
            theirs, and for a dict.
        det_model: The garment detector: a config or an address as above, or an object
            with ``detect`` as :class:`GarmentDetector`. Its label chooses the pose
            network and the key points; garments that there is no network for are left
            out. None where garments fill their pictures, or the caller has boxes; for
            the starter on DeepFashion2, None is its own detector. Defaults to None.
        det_weights: Path of its checkpoint.
        device: ``'auto'`` (a GPU if there is one), or a device of PyTorch; of exported
            files ``'cpu'``, ``'cuda'`` or the name of an execution provider of
            onnxruntime. Defaults to ``'auto'``.
        batch_size: At most so many pictures go through the detector, and so many crops
            of one or several pictures through a pose network, at once. Defaults to 8.
        det_options: Arguments of :class:`GarmentDetector` for a config: ``score_thr``
            (0.3 here), ``max_per_image`` and ``max_overlap`` (0.6 here; None lets one
            garment be found under several categories); and ``garment_thr``, the lowest
            score, of box and points together, of garments (0; 0.1 by the starter's).
        benchmark: Whose key points the starter finds: ``'deepfashion2'``, 13 categories
            that its detector finds; or ``'fashionai'``, 24 points of garments that fill
            their pictures and whose category the caller names. Defaults to
            ``'deepfashion2'``.
        pose: The pose network as an ONNX file, which ``fashion-mmpose export`` writes,
            in the place of ``pose2d`` and ``pose2d_weights``; or a dict of such files.
            It runs without PyTorch and MMPose. Defaults to None.
        det: The detector as such a file, in the place of ``det_model`` and
            ``det_weights``. Defaults to None.
        boxes_only: Whether only boxes are asked for: no pose network is needed, and
            garments have no key points. Defaults to False.

    Attributes:
        networks: The pose network of every category.
        detector: The detector, or None.
        garment_thr: See ``det_options``.

    Raises:
        FileNotFoundError: If there is no such checkpoint or exported file.
        ImportError: If PyTorch and MMPose, or onnxruntime, are missing but needed.
        TypeError: If ``det_model`` is no detector, or the detector has no such option.
        ValueError: If there is no such config, or it is not what it should be, weights
            do not fit it, or what the detector finds is nothing to the pose networks.
    """

    def __init__(
        self,
        pose2d: ConfigLike
        | Mapping[str, ConfigLike | tuple[ConfigLike, WeightsLike]]
        | None = None,
        pose2d_weights: WeightsLike = None,
        det_model: ConfigLike | Detector | None = None,
        det_weights: WeightsLike = None,
        device: str = 'auto',
        batch_size: int = 8,
        det_options: Mapping[str, Any] | None = None,
        benchmark: str | None = None,
        *,
        pose: str | os.PathLike | Mapping[str, str | os.PathLike] | None = None,
        det: str | os.PathLike | None = None,
        boxes_only: bool = False,
    ) -> None:
        if batch_size < 1:
            raise ValueError(f'batch_size must be at least 1, got {batch_size}')
        self.batch_size = batch_size
        pose = one_of(pose=pose, pose2d=pose2d)
        det = one_of(det=det, det_model=det_model)
        if boxes_only:
            if pose is not None or pose2d_weights is not None or benchmark is not None:
                raise ValueError(
                    'boxes_only leaves the key points out; to fix it: give no pose '
                    'network and no benchmark, or leave boxes_only out'
                )
            if det is None:
                found = starter_detector(device, det_weights, det_options)
                det, det_weights, det_options = found
        elif pose is None:
            name = starter.chosen_for(benchmark or 'deepfashion2')
            pose, pose2d_weights = starter_network(name, device, pose2d_weights)
            if det is None and benchmark != 'fashionai':
                found = starter_detector(device, det_weights, det_options)
                det, det_weights, det_options = found
        elif benchmark is not None:
            raise ValueError(
                'benchmark chooses a network of the starter; one that is named is for '
                'the key points that it was trained for'
            )
        networks = {} if boxes_only else build_pose(pose, pose2d_weights, device)
        self.detector, self.garment_thr = build_detector(
            det, det_weights, device, det_options
        )
        self.networks = boxes_alone(self.detector) if boxes_only else networks
        classes = getattr(self.detector, 'classes', None)
        if classes is not None and not set(classes) & set(self.networks):
            raise ValueError(
                f'the detector finds {list(classes)}, the pose networks are for '
                f'{list(self.networks)}: they have no category in common'
            )

    def __call__(
        self,
        inputs: Input | Iterable[Input] | Iterable[Source],
        category: Categories = None,
        bboxes: Boxes = None,
        on_error: str = 'raise',
    ) -> Generator[PicturePrediction]:
        """Find the garments in pictures.

        Pictures are read while the networks compute, and forgotten when they are done,
        so a video may be of any length.

        Args:
            inputs: A path of a picture, a video or a folder, a pattern such as
                ``'shop/*.jpg'``, a list or a table of paths, a tar archive, an array
                (BGR, uint8, shape (H, W, 3)), the number of a camera; any number of
                these, or what :func:`find_sources` has made of them.
            category: The garments' category, where no detector tells it; with one,
                other garments are left out. A name for all pictures; or one entry per
                picture, a name or the names of its boxes. A video has an entry for
                each frame that can be read. Not needed where there is a network for
                one category only.
            bboxes: One entry per picture, as of ``category``, its boxes: x1, y1, x2, y2
                in pixels, shape (n, 4), or :class:`Detections`. The detector is not
                asked then. Without boxes and detector, a garment fills its picture.
            on_error: What happens to a picture that cannot be read: ``'raise'``, or
                ``'skip'``, which goes on; its ``error`` says why. Defaults to
                ``'raise'``.

        Returns:
            Generator[PicturePrediction]: One per picture or frame, in order.

        Raises:
            FileNotFoundError: If a folder holds no picture, or nothing fits a pattern.
            PictureError: If a picture cannot be read, when it is its turn.
            TypeError: If an input is of a type that is no input.
            ValueError: If an array is no picture, or categories or boxes are missing
                or wrong; of an iterator, that there are more than pictures shows when
                it ends.

        Warns:
            FramingWarning: If whole pictures go to a network that was trained on
                garments in their boxes.
        """
        if on_error not in ON_ERROR:
            raise ValueError(f'unknown on_error {on_error!r}; choose from {ON_ERROR}')
        sources = find_sources(inputs)
        is_list = isinstance(sources, list)
        is_counted = is_list and all(source.is_single for source in sources)
        requests = read_requests(
            category,
            bboxes,
            list(self.networks),
            len(sources) if is_counted else None,
            self.detector is not None,
        )
        if bboxes is None:
            asked = {category} if isinstance(category, str) else {*self.networks}
            if doubt := self.whole_picture_doubt(asked):
                warnings.warn(
                    f'{doubt}; to fix it: give bboxes=, or det_model= and det_weights= '
                    'to GarmentInferencer, or train the network with bbox_source=image',
                    FramingWarning,
                    stacklevel=2,
                )
        is_live = is_list and any(source.kind == 'camera' for source in sources)
        # Frames that wait are old when it is their turn.
        depth = 1 if is_live else self.batch_size
        return self._run(load_pictures(sources, depth), requests, on_error == 'skip')

    def track(
        self,
        inputs: Input | Iterable[Input] | Iterable[Source],
        category: str | None = None,
        detect_every: int = 1,
        smooth: bool = True,
        on_error: str = 'raise',
    ) -> Generator[PicturePrediction]:
        """Follow the garments of videos: ``track_id`` tells which is which.

        A garment has one category over its track, that of most frames so far, by their
        scores. A cut ends all tracks.

        Args:
            inputs: Videos, cameras or streams, as in a call.
            category: Other garments are left out. Defaults to None, all.
            detect_every: The detector sees every n-th frame, and the first one of each
                scene; boxes move straight in between. Defaults to 1.
            smooth: Whether landmarks are smoothed, see
                :class:`fashion_mmpose.tracking.PointSmoother`. Defaults to True.
            on_error: As in a call.

        Returns:
            Generator[PicturePrediction]: One per frame, in order.

        Raises:
            FileNotFoundError: If there is no such input.
            ImportError: If the package trackers is missing.
            PictureError: If a video cannot be read, when it is its turn.
            ValueError: If there is no detector, an input is a picture, or an argument
                is wrong.
        """
        if on_error not in ON_ERROR:
            raise ValueError(f'unknown on_error {on_error!r}; choose from {ON_ERROR}')
        tracking = VideoTracking(
            self.networks,
            self.detector,
            self.batch_size,
            category,
            detect_every,
            smooth,
            self.garment_thr,
        )
        return tracking.run(inputs, on_error == 'skip')

    def whole_picture_doubt(self, categories: Iterable[str]) -> str:
        """Why pictures without boxes may be predicted badly; empty if nothing says so.

        Args:
            categories: Those that are asked for.
        """
        if self.detector is not None:
            return ''
        return whole_picture_doubt({each: self.networks[each] for each in categories})

    def predict(
        self,
        image: str | os.PathLike | np.ndarray,
        category: str | Sequence[str] | None = None,
        bboxes: np.ndarray | Sequence[Sequence[float]] | Detections | None = None,
    ) -> PicturePrediction:
        """Find the garments in one picture.

        Args:
            image: Its path, or an array (BGR, uint8, shape (H, W, 3)).
            category: A name, or the names of the boxes; see a call.
            bboxes: Its boxes; see a call.

        Returns:
            PicturePrediction: The picture and its garments.

        Raises:
            PictureError: If the picture cannot be read.
            TypeError: If it is neither a path nor an array.
            ValueError: As in a call; or if ``image`` leads to several pictures.
        """
        if not isinstance(image, (str, os.PathLike, np.ndarray)):
            raise TypeError(
                f'image is a {type(image).__name__}; to fix it: give a path or an '
                'array, or call the inferencer with what leads to several pictures'
            )
        sources = list(find_sources(image))
        if len(sources) != 1 or not sources[0].is_single:
            raise ValueError(
                f'{image} is not one picture; to fix it: call the inferencer with it, '
                'which gives picture by picture'
            )
        names = category if category is None else [category]
        boxes = bboxes if bboxes is None else [bboxes]
        (predicted,) = self(sources, names, boxes)
        return predicted

    def garments(
        self,
        inputs: Input | Iterable[Input] | Iterable[Source],
        category: Categories = None,
        bboxes: Boxes = None,
        on_error: str = 'raise',
    ) -> Iterator[GarmentPrediction]:
        """The garments of all pictures, one after the other.

        Args:
            inputs: As in a call.
            category: As in a call.
            bboxes: As in a call.
            on_error: As in a call; with ``'skip'`` nobody is told.

        Returns:
            Iterator[GarmentPrediction]: One per garment, in the order of the pictures.
        """
        predicted = self(inputs, category, bboxes, on_error)
        return (garment for each in predicted for garment in each.garments)

    def _run(
        self, loaded: Iterator[Picture], requests: Requests, is_skipping: bool
    ) -> Generator[PicturePrediction]:
        window = []
        with closing(loaded) as pictures:
            for picture in pictures:
                request = requests.of(picture)
                if picture.error and not is_skipping:
                    yield from self._predict(window)
                    raise PictureError(picture.error)
                window.append((picture, request))
                # Nobody waits for a camera's next frames.
                if len(window) == self.batch_size or picture.source.kind == 'camera':
                    yield from self._predict(window)
                    window = []
            yield from self._predict(window)
            requests.end()

    def _predict(
        self, window: Sequence[tuple[Picture, Request | None]]
    ) -> Iterator[PicturePrediction]:
        """The garments of some pictures, whose crops are batched together."""
        readable = [(picture, asked) for picture, asked in window if not picture.error]
        found_boxes = find_boxes(readable, self.detector, self.batch_size)
        crops = []
        ends = []
        for (picture, _), boxes in zip(readable, found_boxes):
            for bbox, score, label in zip(boxes.bboxes, boxes.scores, boxes.labels):
                network = self.networks.get(label)
                if network is not None:
                    crops.append(Crop(picture, bbox, float(score), label, network))
            ends.append(len(crops))
        found = predict_crops(crops, self.batch_size)
        parts = iter(zip([0, *ends], ends))
        for picture, asked in window:
            start, end = (0, 0) if picture.error else next(parts)
            garments = found[start:end]
            if asked is not None and asked.boxes is None:
                garments = [each for each in garments if each.score >= self.garment_thr]
            yield PicturePrediction(picture, tuple(garments))
