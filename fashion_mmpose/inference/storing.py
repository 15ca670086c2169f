"""An inferencer's networks written as a folder, and read again."""

import os
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Self

import msgspec

import fashion_mmpose
from fashion_mmpose.files.outputs import OutputFiles
from fashion_mmpose.measure.calibration import beside as fitted_beside
from fashion_mmpose.pretrained import (
    Index,
    StoredNetwork,
    local_folder,
    read_index,
)
from fashion_mmpose.pretrained.card import CARD, write_card
from fashion_mmpose.pretrained.index import INDEX

from .protocols import Detector, PoseNetwork

_DET_OPTIONS = ('score_thr', 'max_per_image', 'max_overlap')


class Storable:
    """What an inferencer has for folders of networks.

    Attributes:
        networks: The pose network of every category.
        detector: The detector, or None.
    """

    networks: dict[str, PoseNetwork]
    detector: Detector | None

    @classmethod
    def from_pretrained(
        cls,
        name: str | os.PathLike,
        revision: str | None = None,
        device: str = 'auto',
        batch_size: int = 8,
        det_options: Mapping[str, Any] | None = None,
    ) -> Self:
        """The networks of a folder that :meth:`save_pretrained` wrote.

        Nothing of the folder is executed, and PyTorch is not needed.

        Args:
            name: Path of the folder, or an id of a model hub, ``'owner/name'``.
            revision: Of an id: a branch, a tag or the hash of a commit.
            device: As the inferencer itself takes it.
            batch_size: The same.
            det_options: What is to be other than in the folder.

        Raises:
            ConnectionError: If the hub cannot be reached.
            FileNotFoundError: If there is no such folder or id.
            FormatError: If the folder is none of this package, or broken.
            ImportError: If onnxruntime or, for an id, huggingface_hub is missing.
        """
        folder = local_folder(name, revision)
        index = read_index(folder)
        options = None
        if index.detector is not None:
            options = {**index.det_options, **(det_options or {})}
        return cls(
            device=device,
            batch_size=batch_size,
            det_options=options,
            **_arguments(folder, index),
        )

    def save_pretrained(
        self,
        folder: str | os.PathLike,
        figures: Mapping[str, float] | None = None,
        verify: bool = True,
    ) -> None:
        """Write the networks as a folder that can be handed on.

        It gets an ONNX file of every network, ``fashion_mmpose.json``, which says what
        they are, and a model card. Networks of PyTorch are exported.

        Args:
            folder: It is made where it is missing.
            figures: What the networks reach, by the names of the metrics.
            verify: Whether networks of PyTorch are compared with their files.

        Raises:
            FormatError: If a network cannot be exported.
            ImportError: If the export of PyTorch's networks needs what is missing.
            TypeError: If the detector is not one of this package.
        """
        _save(folder, self.networks, self.detector, figures or {}, verify)


def _save(
    folder: str | os.PathLike,
    networks: Mapping[str, PoseNetwork],
    detector: Detector | None,
    figures: Mapping[str, float],
    verify: bool,
) -> None:
    """Write networks as ONNX files into a folder, with its index and its model card.

    Args:
        folder: It is made where it is missing; other files in it stay.
        networks: The pose network of every category.
        detector: The detector, or None.
        figures: What they reach, by the names of the metrics.
        verify: Whether networks of PyTorch are compared with their files.

    Raises:
        FormatError: If a network cannot be exported.
        ImportError: If the export of a network of PyTorch needs what is missing.
        TypeError: If a network is not one of this package.
        ValueError: If two of them need different files of one name.
    """
    categories: dict[PoseNetwork, list[str]] = {}
    for category, network in networks.items():
        categories.setdefault(network, []).append(category)
    files: dict[str, bytes] = {}
    pose = tuple(
        _stored(
            network,
            'pose.onnx' if len(categories) == 1 else f'pose_{names[0]}.onnx',
            names,
            files,
            verify,
        )
        for network, names in categories.items()
    )
    stored_detector, options = None, {}
    if detector is not None:
        classes = getattr(detector, 'classes', ())
        stored_detector = _stored(detector, 'detector.onnx', classes, files, verify)
        options = {name: getattr(detector, name) for name in _DET_OPTIONS}
    index = Index(
        pose=pose,
        detector=stored_detector,
        det_options=options,
        benchmark=' and '.join(dict.fromkeys(each.benchmark for each in categories)),
        figures=dict(figures),
    )
    files[INDEX] = msgspec.json.format(msgspec.json.encode(index)) + b'\n'
    files[CARD] = write_card(index).encode()
    with OutputFiles() as outputs:
        for name, content in files.items():
            outputs.open_binary(Path(folder) / name).write(content)
    # What an earlier network of that name was fitted to is not this one's.
    for graph in (each.graph for each in pose):
        fitted = fitted_beside(Path(folder) / graph)
        if fitted.name not in files:
            fitted.unlink(missing_ok=True)


def _arguments(folder: Path, index: Index) -> dict[str, Any]:
    """What the inferencer takes for the networks of a folder."""
    pose = {
        category: folder / network.graph
        for network in index.pose
        for category in network.categories
    }
    if index.detector is None:
        return dict(pose=pose)
    return dict(pose=pose, det=folder / index.detector.graph)


def _stored(
    network: Any, name: str, categories, files: dict[str, bytes], verify: bool
) -> StoredNetwork:
    """Add a network's files to those that are to be written."""
    session = getattr(network, 'session', None)
    beside = session.metadata.beside if session is not None else ()
    names = beside
    if session is None:
        with TemporaryDirectory() as temporary:
            path = Path(temporary) / name
            fashion_mmpose.export_built(network, path, verify=verify)
            files[name] = path.read_bytes()
    else:
        path = Path(session.path)
        files[name] = path.read_bytes()
        fitted = fitted_beside(path)
        if fitted.is_file():
            own = fitted_beside(name).name
            files[own] = fitted.read_bytes()
            names = *beside, own
        for other in beside:
            content = path.with_name(other).read_bytes()
            if files.setdefault(other, content) != content:
                raise ValueError(
                    f'two networks read different files of the name {other}; to fix '
                    'it: export them from their checkpoints'
                )
    return StoredNetwork(graph=name, categories=tuple(categories), beside=names)
