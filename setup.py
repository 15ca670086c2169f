"""Builds the package; `make setup` builds the environment around it."""

import re
import shutil
from pathlib import Path

from setuptools import find_packages, setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).resolve().parent

# What a wheel carries in fashion_mmpose/.mim: MMPose's convention, which MIM reads.
MIM_CONTENT = ('configs', 'tools', 'data_converters')


class BuildWithMim(build_py):
    """Adds the configs and the scripts to a build, never to the source tree.

    An editable installation gets no copy: there,
    ``fashion_mmpose.config_files`` finds the checkout's own files.
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


def read(name: str) -> str:
    path = ROOT / name
    return path.read_text(encoding='utf-8') if path.is_file() else ''


def version() -> str:
    # Read, not imported: the package needs PyTorch, building it does not.
    match = re.search(
        r"^__version__ = '(.+)'$", read('fashion_mmpose/version.py'), re.M
    )
    if match is None:
        raise RuntimeError('fashion_mmpose/version.py holds no __version__')
    return match[1]


setup(
    name='fashion-mmpose',
    version=version(),
    description='An MMPose plugin for the landmarks of garments',
    long_description=read('README.md'),
    long_description_content_type='text/markdown',
    license='Apache-2.0',
    packages=find_packages(include=['fashion_mmpose', 'fashion_mmpose.*']),
    python_requires='>=3.11',
    # Only what an environment with MMPose may lack and what cannot move its torch,
    # numpy, OpenCV or OpenMMLab packages; those are checked on import instead.
    install_requires=['msgspec>=0.18,<1', 'terminaltables', 'tqdm'],
    extras_require={
        'detection': ['mmdet>=3,<3.4'],
        'tensorboard': ['tensorboard'],
        'timm': ['timm>=1.0.11,<2'],
        'dev': read('requirements/dev.txt').split(),
    },
    cmdclass={'build_py': BuildWithMim},
    zip_safe=False,
)
