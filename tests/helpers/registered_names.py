"""Print what modules register of this package, as JSON: registry -> names.

Usage: registered_names.py MODULE... [, MODULE...] ...

Behind every comma, what is registered by then is listed once more.
"""

import importlib
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


def registered_by_now() -> dict[str, list[str]]:
    """Those in the registries of the libraries that have been imported."""
    names = [f'{library}.registry' for library in ('mmengine', 'mmpose', 'mmdet')]
    sources = [sys.modules[name] for name in names if name in sys.modules]
    return dict(item for each in sources for item in registered(each).items())


if __name__ == '__main__':
    listed = []
    for word in sys.argv[1:]:
        if word == ',':
            listed.append(registered_by_now())
        else:
            importlib.import_module(word)
    print(json.dumps([*listed, registered_by_now()]))
