"""What an exported network says about itself, as JSON in the ONNX file.

The writer is ``fashion-mmpose export``; the reader is this room. Nothing else is needed
to run a file: no config, no checkpoint and no PyTorch.
"""

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from fashion_mmpose.errors import FormatError

from .crop import Crop
from .picture_input import PictureInput

KEY = 'fashion_mmpose'  # of the entry in the file's metadata_props
FORMAT = 1  # goes up when earlier readers would misunderstand a file

_MEND = 'to fix it: write the file with fashion-mmpose export'


class PoseMetadata(
    msgspec.Struct, frozen=True, kw_only=True, tag_field='kind', tag='pose'
):
    """A pose network. K: key points of its layout.

    Attributes:
        format: :data:`FORMAT` of the writer.
        version: Version of the package that wrote the file.
        benchmark: Name of a built-in benchmark, or the description of another.
        category: The only category in whose layout the network is; None for the full
            layout of the benchmark.
        categories: Those that it was trained for.
        keypoints: K names in the order of the network's key points.
        bbox_source: What it was trained on, as in
            :class:`fashion_mmpose.inference.protocols.PoseNetwork`.
        crop: How a box of a picture becomes an input.
        color: Order of the colours of the input; always ``'bgr'``, as OpenCV has them.
        decoder: Settings of the decoding and of the flip test, which are in the graph.
        weights: ``'float32'``, ``'float16'`` or ``'int8'``.
        beside: Files in the same folder that the graph reads weights from.
        digests: Of their contents, see :func:`fashion_mmpose.files.digest.file_digest`;
            none where the writer left them out.
        calibration: What makes covariances of the spread of its heatmaps, and
            probabilities of its scores, see ``to_dict`` of
            :class:`fashion_mmpose.measure.uncertainty.calibration.Calibration`; None
            where nobody has fitted one.
    """

    format: int
    version: str
    benchmark: str | dict[str, Any]
    category: str | None
    categories: tuple[str, ...]
    keypoints: tuple[str, ...]
    bbox_source: str | None
    crop: Crop
    color: Literal['bgr']
    decoder: dict[str, Any]
    weights: str
    beside: tuple[str, ...] = ()
    digests: tuple[str, ...] = ()
    calibration: dict[str, Any] | None = None


class Suppression(msgspec.Struct, frozen=True, kw_only=True):
    """How MMDetection's config chooses among a detector's boxes.

    Attributes:
        score_thr: Boxes whose scores are not higher are left out.
        nms_pre: Only so many boxes of each level go on, the best.
        iou_thr: Of boxes of one category that overlap by more, the best stays.
        max_per_img: Only so many stay in the end.
        min_bbox_size: Boxes stay if both sides are longer, in pixels of the picture; no
            box is left out for a negative number.
    """

    score_thr: float
    nms_pre: int
    iou_thr: float
    max_per_img: int
    min_bbox_size: float


class DetectorMetadata(
    msgspec.Struct, frozen=True, kw_only=True, tag_field='kind', tag='detector'
):
    """A detector.

    Attributes:
        format: :data:`FORMAT` of the writer.
        version: Version of the package that wrote the file.
        classes: Names of the categories that it tells apart.
        input: How pictures become its input.
        color: Order of the colours of the input; always ``'bgr'``, as OpenCV has them.
        strides: Input pixels per cell of each level, finest first.
        boxes_per_cell: Boxes that every cell of a level gives.
        suppression: How the boxes that are kept are chosen.
        weights: ``'float32'``, ``'float16'`` or ``'int8'``.
        beside: Files in the same folder that the graph reads weights from.
        digests: Of their contents, see :func:`fashion_mmpose.files.digest.file_digest`;
            none where the writer left them out.
    """

    format: int
    version: str
    classes: tuple[str, ...]
    input: PictureInput
    color: Literal['bgr']
    strides: tuple[int, ...]
    boxes_per_cell: int
    suppression: Suppression
    weights: str
    beside: tuple[str, ...] = ()
    digests: tuple[str, ...] = ()


Metadata = PoseMetadata | DetectorMetadata


def write_metadata(metadata: Metadata) -> str:
    """The JSON of :data:`KEY`."""
    return msgspec.json.encode(metadata).decode()


def read_metadata(entries: Mapping[str, str], path: str) -> Metadata:
    """What a file says about itself.

    Args:
        entries: Its metadata_props.
        path: Its name, for errors.

    Raises:
        FormatError: If it was not written by this package, or lacks something; the
            message names it.
    """
    if KEY not in entries:
        raise FormatError(
            f'{path} was not written by this package: its metadata_props have no entry '
            f'{KEY!r}, which says what the network finds, how a picture becomes its '
            f'input and what its outputs are; {_MEND}'
        )
    try:
        told = msgspec.json.decode(entries[KEY])
    except msgspec.DecodeError as error:
        raise FormatError(
            f'{path}: {KEY!r} of its metadata_props is no JSON ({error}); {_MEND}'
        ) from None
    if isinstance(told, dict) and told.get('format', FORMAT) != FORMAT:
        raise FormatError(
            f'{path} is of format {told["format"]!r}, written by version '
            f'{told.get("version")}; this version reads format {FORMAT}; to fix it: '
            'update fashion-mmpose, or export the network again'
        )
    try:
        # Lists of JSON become tuples.
        return msgspec.convert(told, Metadata)
    except msgspec.ValidationError as error:
        raise FormatError(
            f'{path}: {KEY!r} of its metadata_props: {error}; {_MEND}'
        ) from None
