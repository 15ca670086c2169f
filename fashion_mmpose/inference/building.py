"""The networks behind an inferencer: exported ones, and PyTorch's by the lazy door."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import fashion_mmpose
from fashion_mmpose import starter
from fashion_mmpose.errors import FormatError
from fashion_mmpose.pretrained import (
    Index,
    StoredNetwork,
    named_folder,
    names_folder,
    read_index,
)

from .onnx.detector import OnnxGarmentDetector
from .onnx.pose import OnnxPoseNetwork
from .onnx.session import check_device, is_onnx
from .protocols import Detector, PoseNetwork

ConfigLike = Any  # a path, a name or a loaded config of MMEngine
WeightsLike = str | os.PathLike | None

DETECTOR_SCORE_THR = 0.3
# Of two categories that a detector finds in one place, one is wrong.
DETECTOR_MAX_OVERLAP = 0.6
# Of what the starter finds in photographs below it, next to nothing is a garment.
STARTER_GARMENT_THR = 0.1


def starter_network(
    name: str, device: str, weights: WeightsLike = None
) -> tuple[ConfigLike, WeightsLike]:
    """A network of the starter, and weights of it that do not lie in its own file.

    Where onnxruntime is installed and knows the device, that is the exported network,
    which starts without PyTorch. Elsewhere it is the config, and PyTorch's weights.

    Args:
        name: One of :func:`fashion_mmpose.starter.every_network`.
        device: Where it shall compute.
        weights: What a caller gives without a network; it must be None, since the
            starter has weights of its own. Defaults to None.

    Raises:
        ImportError: If neither onnxruntime nor PyTorch and MMPose are there.
        ValueError: If onnxruntime does not know the device, and PyTorch and MMPose are
            not there; or weights are given.
    """
    if weights is not None:
        raise ValueError(
            f'{weights} is given without the network that it is of, and the starter '
            'has weights of its own; to fix it: give pose2d with pose2d_weights, and '
            'det_model with det_weights'
        )
    if name not in starter.NAMES:
        return starter.config_and_weights(name)
    try:
        check_device(device)
    except (ImportError, ValueError) as lack:
        try:
            fashion_mmpose.build_networks  # noqa: B018, the lazy door
        except ImportError:
            raise lack from None
        return starter.config_and_weights(name)
    return starter.FOLDER / starter.graph_file(name), None


def starter_detector(
    device: str, weights: WeightsLike, options: Mapping[str, Any] | None
) -> tuple[ConfigLike, WeightsLike, dict[str, Any]]:
    """The starter's detector, see :func:`starter_network`, and its limits.

    Args:
        device: Where it shall compute.
        weights: What a caller gives without a detector; it must be None.
        options: The caller's limits, see :func:`build_detector`.
    """
    det, weights = starter_network(starter.DETECTOR, device, weights)
    limits = dict(garment_thr=STARTER_GARMENT_THR)
    return det, weights, limits | dict(options or {})


def stored_network(
    folder: Path, network: StoredNetwork, device: str
) -> tuple[ConfigLike, WeightsLike]:
    """A network of a folder, and weights that do not lie in its own file.

    Its graph, where there is one and onnxruntime is there and knows the device; else
    its config and weights, which PyTorch runs.

    Args:
        folder: The folder.
        network: One of its networks.
        device: Where it shall compute.

    Raises:
        ImportError: If what it needs is missing.
        ValueError: If nothing that is there knows the device.
    """
    if network.graph is not None:
        try:
            check_device(device)
        except (ImportError, ValueError):
            if network.weights is None:
                raise
        else:
            return folder / network.graph, None
    if network.config is None or network.weights is None:
        raise ValueError(f'{folder} has neither a graph nor weights of a network')
    return folder / network.config, folder / network.weights


def stored_pose(folder: Path, index: Index, device: str) -> dict[str, Any]:
    """The pose network of every category of a folder, as :func:`build_pose` takes it.

    Args:
        folder: The folder.
        index: What it says about itself.
        device: Where they shall compute.

    Raises:
        FormatError: If it has none.
        ImportError: See :func:`stored_network`.
        ValueError: See there.
    """
    if not index.pose:
        raise FormatError(f'{folder} has no pose network, only a detector')
    pose = {}
    for network in index.pose:
        graph, weights = stored_network(folder, network, device)
        entry = graph if weights is None else (graph, weights)
        pose |= dict.fromkeys(network.categories, entry)
    return pose


def stored_detector(
    folder: Path, index: Index, device: str, options: Mapping[str, Any] | None
) -> tuple[ConfigLike, WeightsLike, dict[str, Any]]:
    """The detector of a folder and its limits, as :func:`build_detector` takes them.

    Args:
        folder: The folder.
        index: What it says about itself.
        device: Where it shall compute.
        options: The caller's limits, which go before those of the folder.

    Raises:
        FormatError: If it has none.
        ImportError: See :func:`stored_network`.
        ValueError: See there.
    """
    if index.detector is None:
        raise FormatError(f'{folder} has no detector')
    det, weights = stored_network(folder, index.detector, device)
    return det, weights, index.det_options | dict(options or {})


def build_pose(
    pose: ConfigLike | Mapping[str, Any], weights: WeightsLike, device: str
) -> dict[str, PoseNetwork]:
    """The pose network of every category, each built once.

    Args:
        pose: One for all categories, a config or an exported file; or for each category
            its own, a config, a pair of config and weights, or an exported file; or a
            folder of networks or its id on a model hub, see
            :func:`fashion_mmpose.pretrained.names_folder`; or the address of one of the
            starter's, such as ``'starter://fashionai'``.
        weights: The checkpoint of a config for all; None for exported files.
        device: Where they compute.

    Raises:
        FileNotFoundError: If there is no such file.
        ImportError: If what they need is missing: PyTorch and MMPose for configs,
            onnxruntime for exported files.
        ValueError: If a file is no pose network of this package, weights do not fit, or
            a network is not for its category.
    """
    if (name := starter.named(pose)) is not None:
        pose, weights = starter_network(name, device, weights)
    if weights is None and names_folder(pose):
        folder = named_folder(pose)
        pose = stored_pose(folder, read_index(folder), device)
    if is_onnx(pose):
        _check_no_weights(pose, weights)
        network = OnnxPoseNetwork(pose, device)
        return dict.fromkeys(network.categories, network)
    if not isinstance(pose, Mapping):
        return fashion_mmpose.build_networks(pose, weights, device)
    exported = {
        category: os.fspath(entry) for category, entry in pose.items() if is_onnx(entry)
    }
    others = {key: entry for key, entry in pose.items() if key not in exported}
    built = {path: OnnxPoseNetwork(path, device) for path in {*exported.values()}}
    for category, path in exported.items():
        if category not in built[path].categories:
            raise ValueError(
                f'{path}, the pose network of {category!r}, is one for '
                f'{list(built[path].categories)}'
            )
    networks = {category: built[path] for category, path in exported.items()}
    if others or not exported or weights is not None:
        networks |= fashion_mmpose.build_networks(others, weights, device)
    return {category: networks[category] for category in pose}


def exported_by_category(paths: Sequence[str]) -> dict[str, str]:
    """Several exported pose networks as a dict of categories, which the files tell.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If one is no pose network of this package, or two are for the same
            category.
    """
    pose = {}
    for path in paths:
        for category in OnnxPoseNetwork(path, 'cpu').categories:
            if category in pose:
                raise ValueError(
                    f'{pose[category]} and {path} are both for {category!r}; give one '
                    'pose network for each category'
                )
            pose[category] = path
    return pose


def build_detector(
    det: ConfigLike | Detector | None,
    weights: WeightsLike,
    device: str,
    options: Mapping[str, Any] | None,
) -> tuple[Detector | None, float]:
    """The detector, or None, and the lowest score of garments in its boxes.

    Args:
        det: A config, an exported file, a folder of networks that has one, or its id
            on a model hub; or ``'starter://detector'``; or an object with ``detect``.
        weights: The checkpoint of a config.
        device: Where it computes.
        options: Arguments of :class:`fashion_mmpose.GarmentDetector` for a config or
            an exported file, and ``garment_thr`` for any detector. Those that are not
            given are as a folder says.

    Raises:
        FormatError: If a folder has no detector, or is broken.
        TypeError: If it is neither, or has no such option.
        ValueError: If config and weights do not go together, the options are for a
            detector that was built elsewhere, or ``garment_thr`` is out of its range.
    """
    if starter.named(det, finds_boxes=True) is not None:
        det, weights, options = starter_detector(device, weights, options)
    if weights is None and names_folder(det):
        folder = named_folder(det)
        det, weights, options = stored_detector(
            folder, read_index(folder), device, options
        )
    if options is None or 'garment_thr' not in options:
        return _built_detector(det, weights, device, options), 0.0
    limits = dict(options)
    garment_thr = limits.pop('garment_thr')
    if not 0 <= garment_thr <= 1:
        raise ValueError(f'garment_thr must be between 0 and 1, got {garment_thr}')
    detector = _built_detector(det, weights, device, limits or None)
    if detector is None:
        raise ValueError('garment_thr is for what a detector finds, and there is none')
    return detector, garment_thr


def _built_detector(
    det: ConfigLike | Detector | None,
    weights: WeightsLike,
    device: str,
    options: Mapping[str, Any] | None,
) -> Detector | None:
    if isinstance(det, tuple | list | int):
        raise TypeError(
            f'det_model is a {type(det).__name__}, neither a config nor an object with '
            'detect()'
        )
    chosen = dict(score_thr=DETECTOR_SCORE_THR, max_overlap=DETECTOR_MAX_OVERLAP)
    chosen |= options or {}
    if is_onnx(det):
        _check_no_weights(det, weights)
        return OnnxGarmentDetector(det, device, **chosen)
    is_config = det is not None and not hasattr(det, 'detect')
    if is_config != (weights is not None):
        raise ValueError(
            'det_model and det_weights go together: the config of a detector and its '
            'checkpoint'
        )
    if not is_config and options is not None:
        raise ValueError(
            'det_options are for a detector that is built here, from a config; to fix '
            'it: give them to your detector, or leave them out'
        )
    if not is_config:
        return det
    return fashion_mmpose.GarmentDetector(det, weights, device, **chosen)


def one_of(**given: Any) -> Any:
    """The one argument that is given, or None.

    Raises:
        ValueError: If both are.
    """
    found = {name: value for name, value in given.items() if value is not None}
    if len(found) > 1:
        raise ValueError(
            f'{" and ".join(found)} are two names of one: give one of them'
        )
    return next(iter(found.values()), None)


def _check_no_weights(path: object, weights: WeightsLike) -> None:
    if weights is not None:
        raise ValueError(f'{path} is an exported network, which needs no {weights}')
