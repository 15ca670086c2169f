"""Names in the checkpoints of the FashionAI CPN system, for both of its networks.

https://github.com/gathierry/FashionAI-KeyPointsDetectionOfApparel
"""

import re
from collections.abc import Collection

from fashion_mmpose.weights.read import WeightsError

_FIRST_OF_SENET = 'global_net.layer0.'
_OF_TIMM = 'backbone.features.'
_NETWORKS = {
    False: ('ResNet', 'cpn_r152_fashionai_*_gathierry'),
    True: ('SENet-154', 'cpn_senet154_fashionai_*_gathierry'),
}


def source_names(targets: Collection[str], given: Collection[str]) -> dict[str, str]:
    """The system's names for those of a network with :class:`CPNHead`.

    Args:
        targets: Names of the network.
        given: Names of the checkpoint, which tell its backbone.

    Returns:
        dict[str, str]: A name of the checkpoint for every one of ``targets`` that the
        system's networks have, whether it is given or not.

    Raises:
        WeightsError: If the network has no :class:`CPNHead`, or the backbone of the
            system's other network.
    """
    levels = {
        int(match[1])
        for name in targets
        if (match := re.match(r'head\.global_net\.laterals\.(\d+)\.', name))
    }
    if not levels:
        raise WeightsError(
            'the network of the config has no CPNHead; choose from '
            f'{[config for _, config in _NETWORKS.values()]}'
        )
    is_senet = any(name.startswith(_FIRST_OF_SENET) for name in given)
    if is_senet != any(name.startswith(_OF_TIMM) for name in targets):
        here, config = _NETWORKS[is_senet]
        there, _ = _NETWORKS[not is_senet]
        raise WeightsError(
            f"the checkpoint's backbone is a {here}, and the config's one for a "
            f'{there}; choose a config such as {config}'
        )
    names = {name: _source_name(name, len(levels)) for name in targets}
    return {name: source for name, source in names.items() if source is not None}


def _source_name(name: str, num_levels: int) -> str | None:
    """Our levels are counted from the finest, theirs from the coarsest.

    Of its refinement, however, they count the finest as level 2.
    """
    for own in (_OF_TIMM, 'backbone.'):
        if name.startswith(own):
            return f'global_net.{name.removeprefix(own)}'
    part, _, rest = name.removeprefix('head.').partition('.')
    kind, _, rest = rest.partition('.')
    level, _, layer = rest.partition('.')
    match part, kind:
        case 'global_net', 'laterals':
            return f'global_net.latlayer{num_levels - int(level)}.{layer}'
        case 'global_net', 'smooths':
            return f'global_net.toplayer{num_levels - 1 - int(level)}.{layer}'
        case 'refine_net', 'branches':
            return f'refine_net.bottleneck{int(level) + 2}.{layer}'
        case 'refine_net', 'output':
            return f'refine_net.output.{rest}'
    return None
