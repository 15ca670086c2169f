"""Names in the weights of the DeepFashion2 HRNet, which are the original HRNet's.

https://github.com/svip-lab/HRNet-for-Fashion-Landmark-Estimation.PyTorch
"""

from collections.abc import Collection

from fashion_mmpose.weights.read import WeightsError

_FINAL = 'head.final_layer.'


def source_names(targets: Collection[str], given: Collection[str]) -> dict[str, str]:
    """HRNet's names for those of MMPose's HRNet and a heatmap head.

    Args:
        targets: Names of the network.
        given: Names of the checkpoint; not needed.

    Returns:
        dict[str, str]: A name of the checkpoint for every one of ``targets`` that an
        HRNet has, whether it is given or not.

    Raises:
        WeightsError: If the network is none.
    """
    if 'backbone.stage4.0.fuse_layers.0.1.0.weight' not in targets or not any(
        name.startswith(_FINAL) for name in targets
    ):
        raise WeightsError(
            'the network of the config is no HRNet with a heatmap head; choose '
            'hrnet_w48_deepfashion2_384x288_svip or one that inherits it'
        )
    names = {}
    for name in targets:
        if name.startswith('backbone.'):
            names[name] = name.removeprefix('backbone.')
        elif name.startswith(_FINAL):
            names[name] = name.removeprefix('head.')
    return names
