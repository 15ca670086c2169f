"""What a build of the package reads, and the Pythons that it can be tried with."""

import shutil
import subprocess
from pathlib import Path

from toolbox import ROOT

BUILD_FILES = (
    *('setup.py', 'pyproject.toml', 'MANIFEST.in', 'LICENSE', 'README.md', 'Makefile'),
    'model-index.yml',
)
MIM_FOLDERS = ('configs', 'tools', 'data_converters')
IGNORE = shutil.ignore_patterns('__pycache__', '*.pyc', '.mim')

SUPPORTED = (11, 12, 13, 14)  # of Python 3


def copy_sources(target: Path) -> Path:
    """Copy what the build reads; the true checkout stays untouched."""
    for name in BUILD_FILES:
        shutil.copy2(ROOT / name, target)
    for name in (*MIM_FOLDERS, 'requirements', 'fashion_mmpose'):
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, target / name, ignore=IGNORE)
    return target


def pythons() -> list[str]:
    """The oldest and the newest supported Python of this machine that has pip."""
    found = []
    for minor in SUPPORTED:
        on_path = shutil.which(f'python3.{minor}')
        of_pyenv = Path.home().glob(f'.pyenv/versions/3.{minor}.*/bin/python3')
        candidates = [*([on_path] if on_path else []), *map(str, sorted(of_pyenv))]
        found += [each for each in candidates if _makes_environments(each)][:1]
    return list(dict.fromkeys([*found[:1], *found[-1:]]))


def _makes_environments(python: str) -> bool:
    command = [python, '-c', 'import ensurepip, ssl, venv']
    return subprocess.run(command, capture_output=True).returncode == 0
