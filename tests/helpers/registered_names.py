"""Print what modules register of this package, as JSON: registry -> names.

Usage: registered_names.py MODULE...
"""

import importlib.util
import json
import sys
from types import ModuleType

from mmengine.registry import Registry


def registered(source: ModuleType) -> dict[str, list[str]]:
    """The package's own names in the registries of a library."""
    found = {}
    for registry in vars(source).values():
        if not isinstance(registry, Registry):
            continue
        own = sorted(
            name
            for name, value in registry.module_dict.items()
            if value.__module__.partition('.')[0] == 'fashion_mmpose'
        )
        if own:
            found[f'{registry.scope}.{registry.name}'] = own
    return found


if __name__ == '__main__':
    for module in sys.argv[1:]:
        importlib.import_module(module)
    sources = [
        importlib.import_module(f'{library}.registry')
        for library in ('mmengine', 'mmpose', 'mmdet')
        if importlib.util.find_spec(library)
    ]
    everything = [item for each in sources for item in registered(each).items()]
    print(json.dumps(dict(everything)))
