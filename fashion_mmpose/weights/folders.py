"""Which files of a folder of networks PyTorch takes: config and weights."""

import os
from pathlib import Path

from fashion_mmpose.errors import FormatError
from fashion_mmpose.pretrained import (
    StoredNetwork,
    named_folder,
    names_folder,
    networks_of,
    read_index,
)

_ONLY_GRAPH = (
    'holds ONNX files only, which are run but neither tested nor trained by PyTorch; '
    'to fix it: write the folder from the checkpoint, with `fashion-mmpose publish '
    'CONFIG CHECKPOINT --out FOLDER`, or run it with --pretrained'
)


def weights_file(
    name: str | os.PathLike, is_detector: bool = False, category: str | None = None
) -> Path:
    """The file of weights of a folder of networks.

    Args:
        name: The folder, or its id on a model hub, see
            :func:`fashion_mmpose.pretrained.named_folder`.
        is_detector: Whether those of its detector are meant.
        category: Of several pose networks, that of this category is taken.

    Raises:
        FormatError: If the folder has no such network, several, or no weights of it.
        FileNotFoundError: See :func:`fashion_mmpose.pretrained.named_folder`.
    """
    folder = named_folder(name)
    network = _chosen(folder, is_detector, category)
    if network.weights is None:
        raise FormatError(f'{folder} {_ONLY_GRAPH}')
    return folder / network.weights


def config_and_weights(
    name: str | os.PathLike, is_detector: bool | None = None
) -> tuple[Path, Path]:
    """Config and weights of the one network that a folder, or its id, stands for.

    Args:
        name: See :func:`weights_file`.
        is_detector: Whether that is its detector; None for that of a folder without
            pose networks.

    Raises:
        FormatError: See :func:`weights_file`.
        FileNotFoundError: See there.
    """
    folder = named_folder(name)
    network = _chosen(folder, is_detector, None)
    if network.config is None or network.weights is None:
        raise FormatError(f'{folder} {_ONLY_GRAPH}')
    return folder / network.config, folder / network.weights


def of_folder(config, weights, is_detector: bool | None = None):
    """Config and weights, both of the folder that stands in the place of the config.

    Args:
        config: Anything that is taken for a config, or a folder of networks or its id.
        weights: What is taken for weights; None for those of the folder.
        is_detector: See :func:`config_and_weights`.

    Raises:
        FormatError: See :func:`config_and_weights`.
        FileNotFoundError: See there.
    """
    if weights is not None or not isinstance(config, str | os.PathLike):
        return config, weights
    if names_folder(config):
        return config_and_weights(config, is_detector)
    path = Path(config)
    if path.suffix == '.json' and names_folder(path.parent):
        for network in networks_of(read_index(path.parent)):
            if network.config == path.name and network.weights is not None:
                return config, path.with_name(network.weights)
    return config, None


def _chosen(
    folder: Path, is_detector: bool | None, category: str | None
) -> StoredNetwork:
    index = read_index(folder)
    if is_detector is None:
        is_detector = not index.pose
    if is_detector:
        if index.detector is None:
            raise FormatError(f'{folder} has no detector')
        return index.detector
    pose = index.pose
    if len(pose) > 1 and category is not None:
        pose = tuple(each for each in pose if category in each.categories)
    if len(pose) == 1:
        return pose[0]
    if not index.pose:
        raise FormatError(f'{folder} has no pose network, only a detector')
    files = ', '.join(
        f'{each.config or each.graph} ({", ".join(each.categories)})'
        for each in index.pose
    )
    raise FormatError(
        f'{folder} has several pose networks: {files}; to fix it: name a file of one, '
        '.json as a config, .safetensors as its weights'
    )
