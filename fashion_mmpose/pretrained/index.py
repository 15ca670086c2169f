"""What a folder of networks says about itself: ``fashion_mmpose.json``."""

import os
from pathlib import Path
from typing import Any

import msgspec

from fashion_mmpose.errors import FormatError
from fashion_mmpose.version import __version__

INDEX = 'fashion_mmpose.json'
FORMAT = 2  # goes up when earlier readers would misunderstand a folder
FORMATS = (1, FORMAT)  # that are read; the first knew ONNX files only

_MEND = 'to fix it: write the folder again with save_pretrained'


class StoredNetwork(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True
):
    """A network in a folder: as a graph, as a config and weights, or both.

    Attributes:
        categories: Those that it is used for; of a detector, those that it finds.
        graph: Its ONNX file, which is run without PyTorch.
        beside: Further files that the graph reads, and what it was calibrated to.
        config: Its config as JSON, for PyTorch.
        weights: Its weights, a ``.safetensors`` file, which PyTorch runs, tests and
            trains further.
    """

    categories: tuple[str, ...]
    graph: str | None = None
    beside: tuple[str, ...] = ()
    config: str | None = None
    weights: str | None = None

    @property
    def files(self) -> tuple[str, ...]:
        """All files of it."""
        own = (self.graph, *self.beside, self.config, self.weights)
        return tuple(name for name in own if name is not None)


class Index(msgspec.Struct, frozen=True, kw_only=True):
    """All networks of a folder.

    Attributes:
        pose: The pose networks.
        detector: The detector, or None.
        det_options: Which of its boxes count, see
            :class:`fashion_mmpose.GarmentInferencer`.
        benchmark: Name of the benchmark whose key points they find.
        figures: What they reach, by the names of the metrics.
        descriptions: Of benchmarks that are not built in: garments and key points, as
            :func:`fashion_mmpose.garments.describe` has them.
        format: :data:`FORMAT` of the writer.
        version: Version of the package that wrote the folder.
    """

    pose: tuple[StoredNetwork, ...]
    detector: StoredNetwork | None
    det_options: dict[str, float | int | None]
    benchmark: str
    figures: dict[str, float]
    descriptions: tuple[dict[str, Any], ...] = ()
    format: int = FORMAT
    version: str = __version__


def read_index(folder: str | os.PathLike) -> Index:
    """What a folder of networks says about itself.

    Raises:
        FormatError: If it is none of this package, lacks something, or names files
            outside of itself.
        FileNotFoundError: If it lacks a file that it names.
    """
    path = Path(folder) / INDEX
    if not path.is_file():
        raise FormatError(
            f'{folder} is no folder of networks: it has no {INDEX}, which '
            'GarmentInferencer.save_pretrained writes'
        )
    try:
        told: Any = msgspec.json.decode(path.read_bytes())
        if isinstance(told, dict) and told.get('format', FORMAT) not in FORMATS:
            raise FormatError(
                f'{path} is of format {told["format"]!r}, written by version '
                f'{told.get("version")} of fashion-mmpose; this one, {__version__}, '
                f'reads formats {FORMATS[0]} to {FORMAT}; to fix it: update '
                'fashion-mmpose'
            )
        index = msgspec.convert(told, Index)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise FormatError(f'{path}: {error}; {_MEND}') from None
    for network in networks_of(index):
        if network.graph is None and None in (network.config, network.weights):
            raise FormatError(
                f'{path}: a network has neither a graph nor a config with weights; '
                f'{_MEND}'
            )
        for name in network.files:
            _check_file(path, name)
    return index


def _check_file(index: Path, name: str) -> None:
    """Refuse what is no file of the folder, or is not there."""
    if name in ('', '.', '..') or '/' in name or '\\' in name:
        raise FormatError(f'{index}: {name!r} is no file of the folder; {_MEND}')
    if not index.with_name(name).is_file():
        raise FileNotFoundError(
            f'{index} names {name}, which is not there; to fix it: fetch the folder '
            'again'
        )


def networks_of(index: Index) -> list[StoredNetwork]:
    """All networks, the detector last."""
    return [*index.pose, *([index.detector] if index.detector else [])]
