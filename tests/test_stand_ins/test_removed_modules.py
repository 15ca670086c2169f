"""Python 3.14 and setuptools 82, simulated: what they lack is taken away."""

import importlib

import pytest
from toolbox import run_with_libraries

from fashion_mmpose.stand_ins import pkg_resources

WITHOUT = """
import pkgutil, sys
assert not {'xtcocotools', 'pkg_resources', 'mmengine'} & sys.modules.keys()
if hasattr(pkgutil, 'find_loader'):
    del pkgutil.find_loader
class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.split('.')[0] in ('xtcocotools', 'pkg_resources'):
            raise ModuleNotFoundError(f'No module named {name!r}')
sys.meta_path.insert(0, Refuse())
"""
USE = """
import fashion_mmpose.plugin
import mmpose.apis, mmpose.datasets, mmdet.apis
from mmengine.utils import get_installed_path, is_installed
from mmengine.utils.dl_utils.misc import mmcv_full_available
assert is_installed('mmpose') and not is_installed('no-such-package')
assert get_installed_path('mmpose').endswith('mmpose')
import mmcv.utils.ext_loader
assert not mmcv_full_available()
import xtcocotools.coco
assert xtcocotools.is_stand_in
print('all of it is served')
"""


@pytest.mark.slow
def test_the_stack_loads_without_what_was_removed(tmp_path):
    (tmp_path / 'use.py').write_text(WITHOUT + USE)
    result = run_with_libraries('-W', 'ignore', 'use.py', cwd=tmp_path)
    assert 'all of it is served' in result.stdout


def test_installed_packages():
    found = pkg_resources.get_distribution('pytest')
    assert found.version == importlib.import_module('pytest').__version__
    assert found.has_metadata('METADATA') and not found.has_metadata('none.txt')
    assert found.get_metadata('METADATA').startswith('Metadata-Version')
    with pytest.raises(FileNotFoundError, match=r'pytest: no none\.txt'):
        found.get_metadata('none.txt')
    with pytest.raises(pkg_resources.DistributionNotFound, match='no-such-package'):
        pkg_resources.get_distribution('no-such-package')
