"""The starter: networks that drawn garments have taught, which the package carries.

``landmarks.safetensors`` and ``detector.safetensors`` are their weights, in half
precision, which PyTorch reads, and so do the graphs beside them (``*.onnx``), with
onnxruntime; ``starter.json`` says what they are. ``docs/starter.md`` is their card,
``configs/starter`` has their configs, and ``tools/make_starter.py`` makes them.
"""

from pathlib import Path

FOLDER = Path(__file__).parent

BENCHMARKS = ('deepfashion2', 'fashionai')  # whose key points the networks find
DETECTOR = 'detector'  # it finds DeepFashion2's categories
NAMES = (*BENCHMARKS, DETECTOR)
# What follows the name of a landmark network without people's joints, for PyTorch
# alone. It reads a part of the same weights.
LIGHT = '_light'


def weights_file(name: str) -> str:
    """The file of a network's weights; both benchmarks' landmark networks share one.

    Args:
        name: One of :data:`NAMES`.
    """
    return f'{name if name == DETECTOR else "landmarks"}.safetensors'


def graph_file(name: str) -> str:
    """The file of a network's ONNX graph, which reads the file of its weights."""
    return f'{name}.onnx'


def config_and_weights(name: str) -> tuple[str, str]:
    """The config of a network, and the address of its weights, for PyTorch.

    Args:
        name: One of :data:`NAMES`, or of :data:`BENCHMARKS` with :data:`LIGHT` behind.
    """
    return f'starter/{name}', f'starter://{name}'


def check_benchmark(benchmark: str) -> str:
    """The benchmark itself.

    Raises:
        ValueError: If the starter has no network for it.
    """
    if benchmark not in BENCHMARKS:
        raise ValueError(
            f'the starter is for {" and ".join(BENCHMARKS)}, not for {benchmark!r}'
        )
    return benchmark
