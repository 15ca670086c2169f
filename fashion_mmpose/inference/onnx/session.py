"""ONNX files opened with onnxruntime, on the device of the user's choice."""

import os
from collections.abc import Sequence
from types import ModuleType

import numpy as np

from fashion_mmpose.errors import FormatError, extra_needed
from fashion_mmpose.files.digest import file_digest

from .metadata import Metadata, read_metadata

SUFFIX = '.onnx'
_CPU = 'CPUExecutionProvider'
_CUDA = 'CUDAExecutionProvider'
_ENDING = 'ExecutionProvider'
_NO_TELEMETRY = 'ORT_DISABLE_TELEMETRY'


def is_onnx(path: object) -> bool:
    """Whether that is the name of an ONNX file, in letters of either case."""
    if not isinstance(path, str | os.PathLike):
        return False
    return os.fspath(path).lower().endswith(SUFFIX)


class Session:
    """An exported network.

    Args:
        path: Its file.
        device: ``'auto'`` (a GPU if onnxruntime can use one), ``'cpu'``, ``'cuda'``,
            ``'cuda:1'``, or an execution provider by its name, such as ``'openvino'``
            or ``'CoreMLExecutionProvider'``. What a provider cannot compute, the CPU
            does.

    Attributes:
        path: Its file.
        metadata: What the file says about itself.
        provider: The provider that computes.
        is_on_cpu: Whether that is the CPU's own.
        outputs: Names of what it computes.

    Raises:
        FileNotFoundError: If there is no such file.
        FormatError: If it is no ONNX file, or none of this package, or lies beside
            weights of another network.
        ImportError: If onnxruntime is missing.
        ValueError: If there is no such device or provider.
    """

    def __init__(self, path: str | os.PathLike, device: str = 'auto') -> None:
        runtime = require_onnxruntime()
        if not os.path.isfile(path):
            raise FileNotFoundError(f'{path} does not exist, or is not a file')
        name = self.path = os.fspath(path)
        self._device = device
        providers = _providers(runtime, device)
        try:
            self._session = runtime.InferenceSession(
                name, _options(runtime), providers=providers
            )
        # Its errors have no common class but this one.
        except Exception as error:
            raise FormatError(
                f'{name} cannot be opened by onnxruntime {runtime.__version__}: {error}'
            ) from error
        self.provider = self._session.get_providers()[0]
        wanted = providers[0][0] if isinstance(providers[0], tuple) else providers[0]
        if device != 'auto' and self.provider != wanted:
            raise ValueError(
                f'device {device!r}: {wanted} does not start here, and the CPU would '
                "take its place; to fix it: install what it needs, or give device='cpu'"
            )
        self.is_on_cpu = self.provider == _CPU
        self.outputs = tuple(each.name for each in self._session.get_outputs())
        entries = self._session.get_modelmeta().custom_metadata_map
        self.metadata: Metadata = read_metadata(entries, name)
        _check_beside(name, self.metadata)

    def __reduce__(self) -> tuple:
        """Another process opens the file again: onnxruntime's sessions stay in one."""
        return Session, (os.path.abspath(self.path), self._device)

    def run(self, outputs: Sequence[str], **inputs: np.ndarray) -> list[np.ndarray]:
        """Compute outputs by their names."""
        return self._session.run(list(outputs), inputs)


def require_onnxruntime() -> ModuleType:
    """onnxruntime, which only exported networks need.

    Its official builds for Linux and macOS send telemetry from 1.29 on. That is turned
    off, unless the environment says otherwise, before anything of it is loaded.

    Raises:
        ImportError: If it is missing or does not load.
    """
    os.environ.setdefault(_NO_TELEMETRY, '1')
    with extra_needed(
        'exported networks need onnxruntime, which does not load', 'onnx'
    ):
        import onnxruntime
    return onnxruntime


def check_device(device: str) -> None:
    """See that onnxruntime is there and knows a device.

    Raises:
        ImportError: If onnxruntime is missing or does not load.
        ValueError: If there is no such device or provider.
    """
    _providers(require_onnxruntime(), device)


def _check_beside(path: str, metadata: Metadata) -> None:
    """See that the files a graph reads weights from are those it was written for.

    It finds them by their places there, which another network fills with numbers, too.
    """
    for name, digest in zip(metadata.beside, metadata.digests):
        beside = os.path.join(os.path.dirname(path), name)
        if file_digest(beside) != digest:
            raise FormatError(
                f'{path} was written for other weights than {beside} has; to fix it: '
                'copy both from one place, or write the graph for these weights'
            )


def _options(runtime: ModuleType):
    options = runtime.SessionOptions()
    options.log_severity_level = 3  # errors, which are raised as well
    # As PyTorch and OpenCV do; onnxruntime itself takes every core.
    threads = os.environ.get('OMP_NUM_THREADS', '')
    if threads.isdecimal() and int(threads):
        options.intra_op_num_threads = int(threads)
    # Threads that wait would take the cores from the other network and from OpenCV.
    options.add_session_config_entry('session.intra_op.allow_spinning', '0')
    return options


def _providers(runtime: ModuleType, device: str) -> list:
    """The chosen provider with its options, and the CPU for what it cannot do."""
    available = runtime.get_available_providers()
    kind, _, number = str(device).partition(':')
    if kind == 'auto':
        return [_CUDA, _CPU] if _CUDA in available else [_CPU]
    if kind == 'cpu':
        return [_CPU]
    by_name = {_short(name): name for name in available}
    name = by_name.get(_short(kind))
    if name is None:
        raise ValueError(
            f'device {device!r}: this onnxruntime has no such execution provider; '
            f'choose from {", ".join(sorted(by_name))}, or install a build that has '
            'it, such as onnxruntime-gpu for cuda and onnxruntime-openvino for openvino'
        )
    if number and not number.isdecimal():
        raise ValueError(f'device {device!r}: {number!r} is no number of a device')
    chosen = (name, dict(device_id=number)) if number else name
    return [chosen] if name == _CPU else [chosen, _CPU]


def _short(provider: str) -> str:
    return provider.removesuffix(_ENDING).lower()
