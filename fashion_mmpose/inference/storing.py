"""An inferencer's networks written as a folder, and read again."""

import math
import os
from collections.abc import Mapping
from numbers import Real
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Self

import fashion_mmpose
from fashion_mmpose.errors import FormatError
from fashion_mmpose.files.json_file import encode_indented
from fashion_mmpose.files.writing.outputs import OutputFiles
from fashion_mmpose.garments import benchmark_entry
from fashion_mmpose.measure.uncertainty.calibration import beside
from fashion_mmpose.pretrained import (
    Index,
    StoredNetwork,
    local_folder,
    networks_of,
    read_index,
)
from fashion_mmpose.pretrained.card import CARD, write_card
from fashion_mmpose.pretrained.index import INDEX

from .building import stored_detector, stored_pose
from .onnx.session import Session
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
    garment_thr: float = 0.0
    _read_from: tuple[Path, Index] | None = None

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

        Nothing of the folder is executed. PyTorch is not needed where the folder has
        ONNX files and onnxruntime is there.

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
            ImportError: If onnxruntime or, for an id, huggingface_hub is missing, or
                PyTorch and MMPose for a folder without ONNX files.
            ValueError: If ``det_options`` are wrong, or there is no detector for them.
        """
        folder = local_folder(name, revision)
        index = read_index(folder)
        options, det, det_weights = None, None, None
        if index.detector is not None:
            det, det_weights, options = stored_detector(
                folder, index, device, det_options
            )
        elif det_options:
            raise ValueError(
                f'{name} has no detector, whose boxes {", ".join(det_options)} would '
                'be for; to fix it: leave that out, or take a folder with a detector'
            )
        read = cls(
            stored_pose(folder, index, device),
            det_model=det,
            det_weights=det_weights,
            device=device,
            batch_size=batch_size,
            det_options=options,
        )
        read._read_from = folder, index
        return read

    def save_pretrained(
        self,
        folder: str | os.PathLike,
        figures: Mapping[str, float] | None = None,
        verify: bool = True,
        *,
        onnx: bool = True,
        weights: bool = True,
    ) -> None:
        """Write the networks as a folder that can be handed on.

        It gets of every network an ONNX file, and its weights and its config as data,
        for PyTorch; ``fashion_mmpose.json``, which says what they are, and a model
        card. Networks of PyTorch are exported. One that is an ONNX file has no weights
        for PyTorch, unless it comes from such a folder that has them.

        Args:
            folder: It is made where it is missing; other files in it stay.
            figures: What the networks reach, finite numbers by the names of the
                metrics.
            verify: Whether networks of PyTorch are compared with their ONNX files.
            onnx: Whether ONNX files are written. Defaults to True.
            weights: Whether weights and configs are written. Defaults to True.

        Raises:
            FormatError: If a network cannot be exported, or nothing is left of it.
            ImportError: If the export of PyTorch's networks needs what is missing.
            TypeError: If the detector is not one of this package.
            ValueError: If two networks need different files of one name, or a figure is
                no finite number.
        """
        told = _plain_figures(figures or {})
        parts = _Parts(self._read_from, verify, onnx, weights)
        _save(folder, self.networks, self.detector, self.garment_thr, told, parts)


def _plain_figures(figures: Mapping[str, float]) -> dict[str, float]:
    """Figures as JSON has them, which knows no NaN and no numbers of numpy's.

    Raises:
        ValueError: If one is no finite number.
    """
    for name, value in figures.items():
        if not isinstance(value, Real) or not math.isfinite(value):
            raise ValueError(
                f'figures: {name} is {value!r}, and no finite number; to fix it: leave '
                'it out'
            )
    return {name: float(value) for name, value in figures.items()}


def _save(
    folder: str | os.PathLike,
    networks: Mapping[str, PoseNetwork],
    detector: Detector | None,
    garment_thr: float,
    figures: dict[str, float],
    parts: '_Parts',
) -> None:
    """Write networks into a folder, with its index and its model card."""
    categories: dict[PoseNetwork, list[str]] = {}
    for category, network in networks.items():
        categories.setdefault(network, []).append(category)
    pose = tuple(
        parts.of(network, 'pose' if len(categories) == 1 else f'pose_{names[0]}', names)
        for network, names in categories.items()
    )
    stored_detector, options = None, {}
    if detector is not None:
        classes = getattr(detector, 'classes', ())
        stored_detector = parts.of(detector, 'detector', classes)
        options = {name: getattr(detector, name) for name in _DET_OPTIONS}
        if garment_thr:
            options['garment_thr'] = garment_thr
    named = {each.benchmark: each.definition for each in categories}
    entries = map(benchmark_entry, named.values())
    index = Index(
        pose=pose,
        detector=stored_detector,
        det_options=options,
        benchmark=' and '.join(named),
        figures=figures,
        descriptions=tuple(each for each in entries if isinstance(each, dict)),
    )
    files = parts.files
    files[INDEX] = encode_indented(index)
    files[CARD] = write_card(index).encode()
    with OutputFiles() as outputs:
        for name, content in files.items():
            outputs.open_binary(Path(folder) / name).write(content)
    # One of networks that were there before would be taken for that of these.
    for network in pose:
        fitted = beside(Path(folder) / network.files[0])
        if fitted.name not in files:
            fitted.unlink(missing_ok=True)


class _Parts:
    """Collects the files of networks that are to be written.

    Args:
        read_from: The folder that they were read from, and what it says.
        verify: Whether networks of PyTorch are compared with their ONNX files.
        onnx: Whether there are to be ONNX files.
        weights: Whether there are to be weights and configs.

    Attributes:
        files: The contents by the names.
    """

    def __init__(
        self,
        read_from: tuple[Path, Index] | None,
        verify: bool,
        onnx: bool,
        weights: bool,
    ) -> None:
        self._read_from = read_from
        self._verify = verify
        self._onnx = onnx
        self._weights = weights
        self.files: dict[str, bytes] = {}

    def of(self, network: Any, name: str, categories) -> StoredNetwork:
        """Add a network's files.

        Args:
            network: A pose network or a detector.
            name: What its files begin with.
            categories: Those that it is used for.
        """
        session = getattr(network, 'session', None)
        if session is None:
            told = self._of_pytorch(network, name)
        else:
            told = self._of_files(session, name)
        if not {'graph', 'weights'} & told.keys():
            raise FormatError(
                f'nothing of the network of {", ".join(categories)} is left to write: '
                'it is an ONNX file without weights; to fix it: let ONNX files be '
                'written, or start from its checkpoint'
            )
        return StoredNetwork(categories=tuple(categories), **told)

    def _of_pytorch(self, network: Any, name: str) -> dict[str, Any]:
        told = {}
        if self._onnx:
            told['graph'] = f'{name}.onnx'
            with TemporaryDirectory() as temporary:
                path = Path(temporary) / told['graph']
                fashion_mmpose.export_built(network, path, verify=self._verify)
                self._add(told['graph'], path.read_bytes())
        if self._weights:
            config, weights = fashion_mmpose.stored_parts(network)
            told |= dict(config=f'{name}.json', weights=f'{name}.safetensors')
            self._add(told['config'], config)
            self._add(told['weights'], weights)
        return told

    def _of_files(self, session: Session, name: str) -> dict[str, Any]:
        """The files of a graph that is there, and what came with it."""
        told: dict[str, Any] = {}
        path = Path(session.path)
        others: tuple[str, ...] = ()
        if self._onnx:
            told['graph'] = f'{name}.onnx'
            self._add(told['graph'], path.read_bytes())
            others = session.metadata.beside
        for other in others:
            self._add(other, path.with_name(other).read_bytes())
        if beside(path).is_file():  # fitted after the file was written
            # Names of categories may have dots, behind which no suffix stands.
            own = beside(f'{name}.onnx').name
            self._add(own, beside(path).read_bytes())
            others = *others, own
        told['beside'] = others
        came = self._came_with(path)
        if self._weights and came is not None and came.config and came.weights:
            told |= dict(config=f'{name}.json', weights=f'{name}.safetensors')
            self._add(told['config'], path.with_name(came.config).read_bytes())
            self._add(told['weights'], path.with_name(came.weights).read_bytes())
        return told

    def _came_with(self, graph: Path) -> StoredNetwork | None:
        """What the folder of a graph has of its network."""
        if self._read_from is None or graph.parent != self._read_from[0]:
            return None
        networks = networks_of(self._read_from[1])
        return next((each for each in networks if each.graph == graph.name), None)

    def _add(self, name: str, content: bytes) -> None:
        if self.files.setdefault(name, content) != content:
            raise ValueError(
                f'two networks have different files of the name {name}; to fix it: '
                'export them from their checkpoints'
            )
