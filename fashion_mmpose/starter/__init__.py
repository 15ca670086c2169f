"""The starter: networks that drawn garments have taught, which the package carries.

``landmarks.safetensors`` and ``detector.safetensors`` are their weights, in half
precision, and ``starter.json`` says what they are. ``docs/starter.md`` is their card,
``configs/starter`` has their configs, and ``tools/make_starter.py`` makes them.
"""

from pathlib import Path

FOLDER = Path(__file__).parent
LANDMARKS_FILE = FOLDER / 'landmarks.safetensors'
DETECTOR_FILE = FOLDER / 'detector.safetensors'

BENCHMARKS = ('deepfashion2', 'fashionai')
# Config and weights of the detector, which finds DeepFashion2's categories.
DETECTOR = ('starter/detector', 'starter://detector')


def pose(benchmark: str) -> tuple[str, str]:
    """Config and weights of the landmark network.

    Args:
        benchmark: Whose key points it finds.

    Raises:
        ValueError: If the starter has none for the benchmark.
    """
    if benchmark not in BENCHMARKS:
        raise ValueError(
            f'the starter is for {" and ".join(BENCHMARKS)}, not for {benchmark!r}'
        )
    return f'starter/{benchmark}', f'starter://{benchmark}'
