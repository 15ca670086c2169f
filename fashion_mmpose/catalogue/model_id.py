"""What the networks of an inferencer are called in tables."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import fashion_mmpose
from fashion_mmpose.inference import GarmentInferencer
from fashion_mmpose.inference.boxes.alone import BoxesAlone
from fashion_mmpose.measure.uncertainty.calibration import beside

_DIGITS = 16
_OPTIONS = ('score_thr', 'max_per_image', 'max_overlap')


def model_id(inferencer: GarmentInferencer) -> str:
    """Sixteen hexadecimal digits, the same for the same networks on every machine.

    They tell the contents of the networks' files, or the weights and configs of those
    of PyTorch, which network is for which category, and which boxes of the detector
    count. A network has another id as an ONNX file than in PyTorch.

    Args:
        inferencer: The networks.

    Raises:
        OSError: If a file of a network is not there any more.
        TypeError: If a network is not one of this package.
    """
    known: dict[int, bytes] = {}
    found = hashlib.sha256()
    for category, network in sorted(inferencer.networks.items()):
        if id(network) not in known:
            known[id(network)] = _digest(network)
        found.update(f'{category}:'.encode() + known[id(network)])
    if inferencer.detector is not None:
        found.update(_digest(inferencer.detector))
        found.update(repr(detector_options(inferencer)).encode())
    return found.hexdigest()[:_DIGITS]


def detector_options(inferencer: GarmentInferencer) -> Mapping[str, Any]:
    """Which boxes of the detector count; empty without one."""
    detector = inferencer.detector
    names = _OPTIONS if detector is not None else ()
    options = {name: getattr(detector, name, None) for name in names}
    # Without a limit the id is what it was before there was one.
    if inferencer.garment_thr:
        options['garment_thr'] = inferencer.garment_thr
    return options


def _digest(network: Any) -> bytes:
    if isinstance(network, BoxesAlone):
        return b'boxes alone'
    session = getattr(network, 'session', None)
    if session is None:
        return fashion_mmpose.network_digest(network)
    path = Path(session.path)
    found = hashlib.sha256()
    # A calibration may have been fitted after the file was written.
    for each in (path, *(path.with_name(name) for name in session.metadata.beside)):
        found.update(_content(each))
    if beside(path).is_file():
        found.update(_content(beside(path)))
    return found.digest()


def _content(path: Path) -> bytes:
    with open(path, 'rb') as file:
        return hashlib.file_digest(file, 'sha256').digest()
