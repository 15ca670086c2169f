"""What a folder of networks says about itself: ``fashion_mmpose.json``."""

import os
from pathlib import Path
from typing import Any

import msgspec

from fashion_mmpose.errors import FormatError
from fashion_mmpose.version import __version__

INDEX = 'fashion_mmpose.json'
FORMAT = 1  # goes up when earlier readers would misunderstand a folder

_MEND = 'to fix it: write the folder again with save_pretrained'


class StoredNetwork(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True
):
    """A network in a folder.

    Attributes:
        graph: Its ONNX file.
        categories: Those that it is used for; of a detector, those that it finds.
        beside: Further files that the graph reads, and what it was calibrated to.
    """

    graph: str
    categories: tuple[str, ...]
    beside: tuple[str, ...] = ()


class Index(msgspec.Struct, frozen=True, kw_only=True):
    """All networks of a folder.

    Attributes:
        pose: The pose networks.
        detector: The detector, or None.
        det_options: Which of its boxes count, see
            :class:`fashion_mmpose.GarmentInferencer`.
        benchmark: Name of the benchmark whose key points they find.
        figures: What they reach, by the names of the metrics.
        format: :data:`FORMAT` of the writer.
        version: Version of the package that wrote the folder.
    """

    pose: tuple[StoredNetwork, ...]
    detector: StoredNetwork | None
    det_options: dict[str, float | int | None]
    benchmark: str
    figures: dict[str, float]
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
        if isinstance(told, dict) and told.get('format', FORMAT) != FORMAT:
            raise FormatError(
                f'{path} is of format {told["format"]!r}, this version reads format '
                f'{FORMAT}; to fix it: update fashion-mmpose'
            )
        index = msgspec.convert(told, Index)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise FormatError(f'{path}: {error}; {_MEND}') from None
    for network in networks_of(index):
        for name in (network.graph, *network.beside):
            if name in ('', '.', '..') or '/' in name or '\\' in name:
                raise FormatError(f'{path}: {name!r} is no file of the folder; {_MEND}')
            if not (Path(folder) / name).is_file():
                raise FileNotFoundError(
                    f'{path} names {name}, which is not there; to fix it: fetch the '
                    'folder again'
                )
    return index


def networks_of(index: Index) -> list[StoredNetwork]:
    """All networks, the detector last."""
    return [*index.pose, *([index.detector] if index.detector else [])]
