"""Answers imports of modules that OpenMMLab asks for and that are not everywhere.

Nothing of it is used where the module itself loads.
"""

import importlib
import importlib.util
import pkgutil
import sys

from fashion_mmpose.operators import INSTALL_HINT


def serve_removed_modules() -> None:
    """Bring back what MMEngine and MMCV use, and newer Pythons and tools removed.

    ``pkg_resources`` left setuptools with 82, ``pkgutil.find_loader`` Python with 3.14.
    """
    try:
        importlib.import_module('pkg_resources')
    except ImportError:
        from . import pkg_resources

        sys.modules['pkg_resources'] = pkg_resources
    if not hasattr(pkgutil, 'find_loader'):
        pkgutil.find_loader = _find_loader


def _find_loader(name: str):
    spec = importlib.util.find_spec(name)
    return None if spec is None else spec.loader


def serve_xtcocotools() -> None:
    """Let pycocotools answer for xtcocotools where that does not load.

    Raises:
        ImportError: If pycocotools is missing too.
    """
    name = 'xtcocotools'
    if name in sys.modules:
        return
    try:
        importlib.import_module(f'{name}.mask')
        return
    # It is missing, or was compiled for another numpy.
    except (ImportError, AttributeError, ValueError):
        for loaded in [each for each in sys.modules if each.split('.')[0] == name]:
            del sys.modules[loaded]
    try:
        from . import coco
    except ImportError as error:
        raise ImportError(
            f'MMPose needs xtcocotools, which does not load, or pycocotools ({error}); '
            f'to fix it: `pip install pycocotools`; {INSTALL_HINT}'
        ) from error
    sys.modules.update(coco.modules())
