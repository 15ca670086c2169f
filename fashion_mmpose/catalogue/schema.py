"""The table of predicted garments: its columns, and a row's way there and back.

The page docs/large-catalogues.md describes it; :data:`VERSION` goes up when a column
changes its meaning or goes away, not when one is added.
"""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import msgspec
import numpy as np

from fashion_mmpose import garments
from fashion_mmpose.errors import FormatError
from fashion_mmpose.files.parquet import require_pyarrow
from fashion_mmpose.garments import GarmentPrediction
from fashion_mmpose.inference.picture_prediction import PicturePrediction
from fashion_mmpose.measure import Measured

VERSION = 1
KEY = b'fashion_mmpose'  # of the entry in a file's metadata

_MEASUREMENT = dict(
    measurement='string',
    code='string',
    value='float64',
    unit='string',
    error='float64',
    low='float64',
    high='float64',
    ratio='float64',
    ratio_to='string',
    reason='string',
    probability='float64',
)


class Unreadable(NamedTuple):
    """A picture that could not be read.

    Attributes:
        picture_id: Its number among all.
        picture: Its name.
        reason: Why not.
    """

    picture_id: int
    picture: str
    reason: str


class About(msgspec.Struct, frozen=True, kw_only=True):
    """What a file of garments says about itself.

    Attributes:
        schema: :data:`VERSION` of the writer.
        version: Version of the package that wrote it.
        benchmarks: Of the garments: names of built-in ones, descriptions of others.
        keypoints: Names of the key points by category.
        first: Number of its first picture among all.
        num_pictures: How many pictures it is about, those that could not be read
            included.
        unreadable: Those that could not be read.
        num_in_pixels: How many were to be measured in centimetres and could not be.
    """

    schema: int
    version: str
    benchmarks: tuple[str | dict[str, Any], ...]
    keypoints: dict[str, tuple[str, ...]]
    first: int = 0
    num_pictures: int = 0
    unreadable: tuple[Unreadable, ...] = ()
    num_in_pixels: int = 0


def schema(about: About) -> Any:
    """The columns, as pyarrow's schema, with what the file says about itself.

    Raises:
        ImportError: If pyarrow is missing.
    """
    pa = require_pyarrow()
    numbers = pa.list_(pa.float32())
    kinds = {'string': pa.string(), 'float64': pa.float64()}
    measurement = pa.struct(
        [(name, kinds[kind]) for name, kind in _MEASUREMENT.items()]
    )
    columns = [
        ('picture_id', pa.int64()),
        ('picture', pa.string()),
        ('width', pa.int32()),
        ('height', pa.int32()),
        ('garment', pa.int32()),
        ('benchmark', pa.string()),
        ('category', pa.string()),
        ('category_id', pa.int32()),
        ('box', numbers),
        ('box_score', pa.float64()),
        ('score', pa.float64()),
        ('points', numbers),
        ('covariances', numbers),
        ('dof', pa.float64()),
        ('probabilities', numbers),
        ('states', numbers),
        ('measurements', pa.list_(measurement)),
        ('model', pa.string()),
    ]
    return pa.schema(columns, metadata={KEY: msgspec.json.encode(about)})


def read_about(metadata: Mapping[bytes, bytes] | None, path: object) -> About:
    """What a file says about itself.

    Args:
        metadata: Of the schema of the file.
        path: The file, for the error.

    Raises:
        FormatError: If it is not one of this package, or of a later version.
    """
    try:
        about = msgspec.json.decode((metadata or {})[KEY], type=About)
    except (KeyError, msgspec.DecodeError) as error:
        raise FormatError(
            f'{path} is no table of garments that this package wrote'
        ) from error
    if about.schema > VERSION:
        raise FormatError(
            f'{path} has the schema {about.schema}, and this version of the package '
            f'knows {VERSION}; to fix it: use the version {about.version}, or a later '
            'one'
        )
    return about


def rows_of(
    predicted: PicturePrediction,
    measured: Iterable[Iterable[Measured] | None],
    model: str,
) -> list[dict]:
    """The rows of a picture, a garment each, numbered from 1.

    Args:
        predicted: The picture and its garments.
        measured: For each garment its lengths; None where they are not asked for.
        model: What the networks are called, see
            :func:`fashion_mmpose.catalogue.model_id.model_id`.
    """
    pixels = predicted.picture.pixels
    assert pixels is not None  # as of every picture that was read
    height, width = pixels.shape[:2]
    place = dict(
        picture_id=predicted.picture.image_id,
        picture=predicted.picture.source.name,
        width=width,
        height=height,
        model=model,
    )
    pairs = zip(predicted.garments, measured)
    return [
        place | _row(garment, lengths) | dict(garment=number)
        for number, (garment, lengths) in enumerate(pairs, 1)
    ]


def _row(garment: GarmentPrediction, lengths: Iterable[Measured] | None) -> dict:
    points = np.column_stack((garment.keypoints, garment.scores))
    covariances = None
    if garment.covariances is not None:
        both = garment.covariances
        covariances = np.stack((both[:, 0, 0], both[:, 0, 1], both[:, 1, 1]), axis=1)
    if not np.isfinite(points).all():
        raise ValueError(
            f'{garment.image}: the network finds a {garment.category} at no finite '
            'position'
        )
    return dict(
        benchmark=garment.benchmark,
        category=garment.category,
        category_id=garment.garment.category_id,
        box=_flat(garment.bbox),
        box_score=float(garment.bbox_score),
        score=garment.score,
        points=_flat(points),
        covariances=_flat(covariances),
        dof=None if covariances is None else float(garment.dof),
        probabilities=_flat(garment.probabilities),
        states=_flat(garment.states),
        measurements=lengths and [each.to_dict() for each in lengths],
    )


def _flat(values: np.ndarray | None) -> np.ndarray | None:
    return None if values is None else np.asarray(values, np.float32).ravel()


Definitions = Mapping[str, garments.Benchmark | None]


def definitions_of(about: About) -> Definitions:
    """The benchmarks of a file's garments by name; None for built-in ones."""
    return {
        each if isinstance(each, str) else each['name']: (
            None if isinstance(each, str) else garments.benchmark(each)
        )
        for each in about.benchmarks
    }


def garment_of(row: Mapping, definitions: Definitions) -> GarmentPrediction:
    """The garment of a row, as it was predicted.

    Args:
        row: Plain values of a row, as pyarrow's ``to_pylist`` gives them.
        definitions: Of the file that it is of.

    Raises:
        KeyError: If the file is about no such benchmark.
    """
    points = np.reshape(np.array(row['points'], np.float32), (-1, 3))
    covariances = row['covariances']
    if covariances is not None:
        xx, xy, yy = np.reshape(np.array(covariances, np.float32), (-1, 3)).T
        covariances = np.stack((xx, xy, xy, yy), axis=1).reshape(-1, 2, 2)
    probabilities = row['probabilities']
    if probabilities is not None:
        probabilities = np.array(probabilities, np.float32)
    states = row.get('states')  # files of earlier versions have none
    if states is not None:
        states = np.reshape(np.array(states, np.float32), (-1, 3))
    return GarmentPrediction(
        image_id=row['picture_id'],
        image=row['picture'],
        frame=None,
        benchmark=row['benchmark'],
        category=row['category'],
        bbox=np.array(row['box'], np.float32),
        bbox_score=row['box_score'],
        keypoints=points[:, :2],
        scores=points[:, 2],
        definition=definitions[row['benchmark']],
        covariances=covariances,
        dof=np.inf if row['dof'] is None else row['dof'],
        probabilities=probabilities,
        states=states,
    )
