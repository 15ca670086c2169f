"""Run a script as if PyTorch and the OpenMMLab packages were not installed.

Usage:
    python without_plugin.py SCRIPT [ARGUMENTS]
"""

import runpy
import sys
from importlib.abc import MetaPathFinder

from floors import PLUGIN_LIBRARIES


class Absent(MetaPathFinder):
    """Fails to find the libraries of the plugin."""

    def find_spec(self, fullname, path=None, target=None):
        if fullname.partition('.')[0] in PLUGIN_LIBRARIES:
            raise ModuleNotFoundError(f'No module named {fullname!r}', name=fullname)


if __name__ == '__main__':
    sys.meta_path.insert(0, Absent())
    del sys.argv[0]
    runpy.run_path(sys.argv[0], run_name='__main__')
