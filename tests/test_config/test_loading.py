"""Configs are found by name, read with their members, and checked."""

import os
from pathlib import Path

import pytest
from mmengine.config import Config

from fashion_mmpose.config import checks, loading

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
    monkeypatch.setattr('fashion_mmpose.config.folder._PACKAGE', package)
    return package


@pytest.fixture
def configs(package: Path) -> Path:
    return lay_out(package / '.mim' / 'configs')


def test_names_leave_out_bases(configs: Path):
    assert loading.config_names() == ['cpn_blouse', 'detection/rtmdet_tiny']


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
    assert loading.find_config(name) == configs / expected


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
        loading.find_config(name)
    assert message in str(info.value)


def test_checkout(package: Path, tmp_path: Path):
    configs = lay_out(tmp_path / 'configs')
    # Without setup.py this is site-packages with another project's folder in it.
    with pytest.raises(FileNotFoundError, match='install fashion_mmpose again'):
        loading.config_root()
    (tmp_path / 'setup.py').touch()
    assert loading.config_root() == configs


def test_installed_configs_go_first(configs: Path, tmp_path: Path):
    lay_out(tmp_path / 'configs')
    (tmp_path / 'setup.py').touch()
    assert loading.config_root() == configs


# ------------------------------------------------------------------------ reading


@pytest.fixture
def cfg() -> Config:
    return loading.load_config('cpn_r152_fashionai_skirt')


@pytest.fixture
def no_reading(monkeypatch: pytest.MonkeyPatch):
    """A function after whose call configs cannot be read any more."""

    def from_file(path):
        raise AssertionError(f'{path} is read again')

    return lambda: monkeypatch.setattr(Config, 'fromfile', from_file)


@pytest.mark.slow
def test_members_are_read_with_the_ensemble(no_reading, tmp_path: Path):
    cfg = loading.load_config('cpn_ensemble_fashionai_blouse')
    names = ['cpn_r152_fashionai_blouse', 'cpn_senet154_fashionai_blouse']
    networks = [loading.read_config(name).model for name in names]
    assert [member.name for member in cfg.model.members] == names
    assert [member.config.model for member in cfg.model.members] == networks
    assert [member.checkpoint for member in cfg.model.members] == [
        f'work_dirs/{name}/best_*.pth' for name in names
    ]
    # What MMEngine leaves of a run is whole.
    cfg.dump(tmp_path / 'dumped.py')
    dumped = loading.read_config(tmp_path / 'dumped.py')
    assert dumped.model == cfg.model
    no_reading()
    checks.check_members(dumped)
    again = loading.read_members(dumped.model.members)
    assert [member['name'] for member in again] == names


def test_members_stay_names_where_they_are_only_planned():
    name = 'small/cpn_ensemble'  # its members' configs are written by trainings
    options = {'model.category': 'skirt'}
    cfg = loading.load_config(name, cfg_options=options, members=False)
    assert cfg.model.members[0].config.endswith('/{category}/cpn_r18.py')
    with pytest.raises(ValueError, match='unknown config .*cpn_r18/skirt/cpn_r18.py'):
        loading.load_config(name, cfg_options=options)
    with pytest.raises(ValueError, match='needs the category of the ensemble'):
        loading.load_config(name)


def test_the_config_of_a_user_is_left_as_it_is():
    cfg = loading.read_config('cpn_ensemble_fashionai_blouse')
    names = list(cfg.model.members)
    assert loading.with_members(cfg).model.members[0].config.model.backbone
    assert cfg.model.members == names
    cfg.model.type = 'mmpose.HeatmapEnsemble'  # with MMEngine's scope
    assert loading.with_members(cfg).model.members[0].config.model.backbone
    network = loading.read_config('cpn_r152_fashionai_blouse')
    assert loading.with_members(network) is network


@pytest.mark.parametrize(
    'member, message',
    [
        pytest.param(dict(checkpoint='a'), 'config is needed', id='no config'),
        pytest.param(dict(config='a', extra=1), 'extra', id='unknown entry'),
        pytest.param(dict(config='a', weight=0), 'positive', id='no weight'),
        pytest.param(dict(config={}), 'name a checkpoint', id='loaded config'),
        pytest.param('a_{category}', 'needs the category', id='no category'),
    ],
)
def test_bad_members(member, message):
    with pytest.raises(ValueError, match=message):
        loading.member_spec(member, None)


def test_member_by_name():
    assert loading.member_spec('cpn_r152_fashionai_{category}', 'skirt') == dict(
        config='cpn_r152_fashionai_skirt',
        checkpoint='work_dirs/cpn_r152_fashionai_skirt/best_*.pth',
        weight=1.0,
        name='cpn_r152_fashionai_skirt',
    )


def test_the_newest_checkpoint_is_taken(tmp_path):
    for age, name in enumerate(['best_2.pth', 'best_10.pth']):
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (1000 - age, 1000 - age))
    assert loading.newest_file(f'{tmp_path}/best_*.pth', 'a').endswith('best_2.pth')
    with pytest.raises(FileNotFoundError, match='train a first'):
        loading.newest_file(f'{tmp_path}/worst_*.pth', 'a')


def test_configs_are_found_by_path_and_name(tmp_path, cfg):
    path = tmp_path / 'mine.py'
    path.write_text("train_cfg = dict(max_epochs=3)\nwork_dir = 'here'\n")
    mine = loading.load_config(str(path), cfg_options={'train_cfg.max_epochs': 5})
    assert mine.train_cfg.max_epochs == 5 and mine.work_dir == 'here'
    assert loading.load_config(str(path), work_dir='there').work_dir == 'there'
    assert cfg.work_dir == 'work_dirs/cpn_r152_fashionai_skirt'
    assert cfg.model.head.out_channels == 4
    with pytest.raises(ValueError, match='cpn_r152_fashionai_skirt'):
        loading.load_config('cpn_r152_fashionai_skrt')


def test_weights_from_elsewhere_are_left_to_mmengine():
    assert loading.existing_file('torchvision://resnet50') == 'torchvision://resnet50'


@pytest.mark.parametrize('launcher', ['pytorch', 'slurm'])
def test_launchers_without_gpu_have_started_the_process(launcher, monkeypatch):
    for name in ('RANK', 'SLURM_PROCID'):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr('torch.cuda.is_available', lambda: False)
    with pytest.raises(RuntimeError, match='start `torchrun'):
        loading.load_config('cpn_r152_fashionai_skirt', launcher=launcher)
