"""Adds to pyproject.toml what is not static: the needs, and a wheel's scripts."""

import shutil
import site
import sys
import sysconfig
from importlib import metadata
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).resolve().parent

# What a wheel carries in fashion_mmpose/.mim: MMPose's convention, which MIM reads.
MIM_CONTENT = ('configs', 'tools', 'data_converters')
MODEL_INDEX = 'model-index.yml'

# What the package needs without its plugin. An environment with MMPose has numpy and
# Pillow: a bound on them could move what fits together there.
CORE = ['msgspec>=0.18,<1', 'numpy', 'pillow', 'pyyaml', 'terminaltables', 'tqdm']

OPENCV = 'opencv-python-headless'
# All of them bring the module cv2, and two of them in one place overwrite each other.
OPENCV_BUILDS = (
    OPENCV,
    'opencv-python',
    'opencv-contrib-python',
    'opencv-contrib-python-headless',
)


class BuildWithMim(build_py):
    """Adds the configs and the scripts to a build, never to the source tree.

    An editable installation gets no copy: there,
    ``fashion_mmpose.config`` finds the checkout's own files.
    """

    def run(self) -> None:
        super().run()
        mim = Path(self.build_lib) / 'fashion_mmpose' / '.mim'
        # A build folder outlives its build: a renamed config must not stay in it.
        shutil.rmtree(mim, ignore_errors=True)
        mim.mkdir(parents=True)
        ignore = shutil.ignore_patterns('__pycache__', '*.py[cod]')
        for name in MIM_CONTENT:
            shutil.copytree(ROOT / name, mim / name, ignore=ignore)
        shutil.copy(ROOT / MODEL_INDEX, mim)


def installed_versions() -> dict[str, str]:
    """The packages of the environment that is installed into, and their versions.

    The build sees few of them: pip hides the environment from it, but not its place.
    """
    folders = [sysconfig.get_path('purelib'), sysconfig.get_path('platlib')]
    folders += site.getsitepackages()
    if sys.prefix == sys.base_prefix:  # a virtual environment has no user's folder
        folders.append(site.getusersitepackages())
    found = metadata.distributions(path=list(dict.fromkeys(folders)))
    # A removed package may leave a folder without metadata, and thus without a name.
    return {
        dist.name.lower().replace('_', '-'): dist.version for dist in found if dist.name
    }


def opencv(installed: dict[str, str]) -> list[str]:
    """The requirement of OpenCV; none where some build of it is installed."""
    if any(build in installed for build in OPENCV_BUILDS):
        return []
    if installed.get('numpy', '').startswith('1.'):
        return [f'{OPENCV}>=4.8,<4.12']  # the later ones would move numpy to 2
    return [f'{OPENCV}>=4.8']


if __name__ == '__main__':
    setup(
        install_requires=CORE + opencv(installed_versions()),
        cmdclass={'build_py': BuildWithMim},
    )
