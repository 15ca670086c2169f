"""The starter: networks that drawn garments have taught, which the package carries.

``landmarks.safetensors``, ``parsing.safetensors`` and ``detector.safetensors`` are
their weights, in half precision or as whole numbers (:mod:`.rounding`), which PyTorch
reads, and so do the graphs beside them (``*.onnx``), with onnxruntime; ``starter.json``
says what they are. ``docs/starter.md`` is their card, ``configs/starter`` has their
configs, and ``tools/make_starter.py`` makes them.
"""

from pathlib import Path

FOLDER = Path(__file__).parent

PREFIX = 'starter://'  # of the networks' addresses

BENCHMARKS = ('deepfashion2', 'fashionai')  # whose key points the networks find
DETECTOR = 'detector'  # it finds DeepFashion2's categories
# What follows the name of a landmark network with human parsing beside people's joints.
PARSING = '_parsing'
# And of one without joints, for PyTorch alone. It reads a part of the same weights.
LIGHT = '_light'
VARIANTS = ('', PARSING, LIGHT)
# Those that find a benchmark's points where only that is named. On DeepFashion2's
# photographs parsing gives less than chance may, and takes twice the time.
CHOSEN = dict(deepfashion2='deepfashion2', fashionai='fashionai_parsing')
# Those that the package carries as graphs, too.
NAMES = (*(name + end for end in ('', PARSING) for name in BENCHMARKS), DETECTOR)


def weights_files(name: str) -> tuple[str, ...]:
    """The files of a network's weights; all landmark networks share one.

    What stands in a later file takes the place of what an earlier one has.

    Args:
        name: See :func:`config_and_weights`.
    """
    if name == DETECTOR:
        return ('detector.safetensors',)
    more = ('parsing.safetensors',) if name.endswith(PARSING) else ()
    return ('landmarks.safetensors', *more)


def graph_file(name: str) -> str:
    """The file of a network's ONNX graph, which reads the file of its weights."""
    return f'{name}.onnx'


def config_and_weights(name: str) -> tuple[str, str]:
    """The config of a network, and the address of its weights, for PyTorch.

    Args:
        name: One of :func:`every_network`.
    """
    return f'starter/{name}', f'{PREFIX}{name}'


def every_network() -> tuple[str, ...]:
    """The names of all networks."""
    return (*(name + end for end in VARIANTS for name in BENCHMARKS), DETECTOR)


def chosen_for(benchmark: str) -> str:
    """The name of the landmark network that finds a benchmark's points.

    Raises:
        ValueError: If the starter has none for it.
    """
    if benchmark not in CHOSEN:
        raise ValueError(
            f'the starter is for {" and ".join(BENCHMARKS)}, not for {benchmark!r}'
        )
    return CHOSEN[benchmark]


def named(address: object, finds_boxes: bool = False) -> str | None:
    """The network that an address names, such as ``'starter://fashionai'``.

    Args:
        address: Whatever may stand in the place of a network.
        finds_boxes: Whether it shall be the detector, in whose place the others cannot
            stand, nor it in theirs. Defaults to False.

    Returns:
        str | None: Its name; None for what is no such address.

    Raises:
        ValueError: If the starter has no such network.
    """
    if not isinstance(address, str) or not address.startswith(PREFIX):
        return None
    name = address.removeprefix(PREFIX)
    fitting = [each for each in every_network() if (each == DETECTOR) == finds_boxes]
    if name in fitting:
        return name
    lack = 'the starter has no such network'
    if name in every_network():
        found = 'landmarks, no boxes' if finds_boxes else 'boxes, no landmarks'
        lack = f'finds {found}'
    choice = ', '.join(PREFIX + each for each in fitting)
    raise ValueError(f'{address}: {lack}; to fix it: give {choice}')
