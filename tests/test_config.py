"""Configs are found by name in an installed package and in a checkout."""

from pathlib import Path

import pytest

from fashion_mmpose import config as config_files

FILES = ('cpn_blouse.py', 'detection/rtmdet_tiny.py', '_base_/runtime.py')


def lay_out(configs: Path) -> Path:
    for name in FILES:
        (configs / name).parent.mkdir(parents=True, exist_ok=True)
        (configs / name).touch()
    return configs


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    package = tmp_path / 'fashion_mmpose'
    package.mkdir()
    monkeypatch.setattr(config_files, '_PACKAGE', package)
    return package


@pytest.fixture
def configs(package: Path) -> Path:
    return lay_out(package / '.mim' / 'configs')


def test_names_leave_out_bases(configs: Path):
    assert config_files.config_names() == ['cpn_blouse', 'detection/rtmdet_tiny']


@pytest.mark.parametrize(
    'name, expected',
    [
        pytest.param('cpn_blouse', 'cpn_blouse.py', id='bare'),
        pytest.param('cpn_blouse.py', 'cpn_blouse.py', id='suffix'),
        pytest.param('configs/cpn_blouse.py', 'cpn_blouse.py', id='checkout-path'),
        pytest.param(
            'detection/rtmdet_tiny', 'detection/rtmdet_tiny.py', id='in-folder'
        ),
    ],
)
def test_find_config(configs: Path, name: str, expected: str):
    assert config_files.find_config(name) == configs / expected


@pytest.mark.parametrize(
    'name, message',
    [
        pytest.param('cpn_blouze', "similar: ['cpn_blouse']", id='misspelt'),
        pytest.param(
            'rtmdet_tiny', "similar: ['detection/rtmdet_tiny']", id='folder-forgotten'
        ),
        pytest.param(
            'zzz',
            "choose from ['cpn_blouse', 'detection/rtmdet_tiny']",
            id='nothing-similar',
        ),
        pytest.param('_base_/runtime', 'unknown config', id='base'),
        pytest.param('../setup', 'unknown config', id='outside'),
    ],
)
def test_unknown_config(configs: Path, name: str, message: str):
    with pytest.raises(ValueError) as info:
        config_files.find_config(name)
    assert message in str(info.value)


def test_checkout(package: Path, tmp_path: Path):
    configs = lay_out(tmp_path / 'configs')
    # Without setup.py this is site-packages with another project's folder in it.
    with pytest.raises(FileNotFoundError, match='install fashion_mmpose again'):
        config_files.config_root()
    (tmp_path / 'setup.py').touch()
    assert config_files.config_root() == configs


def test_installed_configs_go_first(configs: Path, tmp_path: Path):
    lay_out(tmp_path / 'configs')
    (tmp_path / 'setup.py').touch()
    assert config_files.config_root() == configs
