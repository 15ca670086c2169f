"""MMEngine's work on configs that no test needs is left out.

Most tests of networks and trainings begin with a config that comes with a package. Each
of its bases is a file that MMEngine copies, parses and runs: it does so once in a
process. A run that keeps its config writes it without line breaks by yapf.
"""

import os
import pickle
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from mmengine.config import Config, config
from toolbox import ROOT


@cache  # for every file of tests asks for it
def spare_configs() -> None:
    """Let MMEngine keep the packages' configs that it has read, and format none."""
    config.FormatCode = lambda text, **style: (text, False)
    read = Config._file2dict
    specs = filter(None, map(find_spec, ('mmpose', 'mmdet')))
    packages = [Path(spec.origin).parent / '.mim' for spec in specs]
    folders = tuple(f'{folder}{os.sep}' for folder in (ROOT / 'configs', *packages))

    @cache
    def kept(path: str, *options) -> bytes:
        return pickle.dumps(read(path, *options))

    def file2dict(
        filename: str,
        use_predefined_variables: bool = True,
        use_environment_variables: bool = True,
        lazy_import: bool | None = None,
    ) -> tuple[dict, str, dict]:
        options = use_predefined_variables, use_environment_variables, lazy_import
        path = os.path.abspath(filename)
        if path.startswith(folders):
            return pickle.loads(kept(path, *options))
        return read(filename, *options)

    Config._file2dict = staticmethod(file2dict)
