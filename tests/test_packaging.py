"""What is built, and what it asks for."""

import ast
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Mapping
from functools import cache
from importlib import metadata
from pathlib import Path

import pytest
from built_wheel import MIM_FOLDERS, copy_sources
from floors import core_modules
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from requirement_files import requirements
from toolbox import run_with_libraries

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[1]
# The light needs of the core; numpy, Pillow and OpenCV come on top.
CORE = {'msgspec', 'pyyaml', 'terminaltables', 'tqdm'}

# What an installation into an existing environment must leave alone.
UNTOUCHED = {
    *('torch', 'torchvision', 'numpy', 'opencv-python', 'opencv-python-headless'),
    *('mmcv', 'mmcv-lite', 'mmdet', 'mmengine', 'mmpose', 'xtcocotools', 'scipy'),
}


# No test may reach a package index, whatever pip's configuration says.
PIP_ENV = {
    **{key: value for key, value in os.environ.items() if not key.startswith('PIP_')},
    'PIP_CONFIG_FILE': os.devnull,
    'PIP_DISABLE_PIP_VERSION_CHECK': '1',
    'PIP_NO_INDEX': '1',
}


def run(*command: str | Path, cwd: Path, env: dict[str, str] | None = None) -> str:
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=PIP_ENV if env is None else env,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, f'{command}:\n{done.stdout}\n{done.stderr}'
    return done.stdout


def unconditional(declared: list[str]) -> set[str]:
    """Names among requirements that hold here without any extra."""
    parsed = [Requirement(each) for each in declared]
    return {
        canonicalize_name(each.name)
        for each in parsed
        if each.marker is None or each.marker.evaluate({'extra': ''})
    }


def files_below(root: Path, folder: str) -> set[str]:
    return {
        path.relative_to(root).as_posix()
        for path in (root / folder).rglob('*')
        if path.is_file() and '__pycache__' not in path.parts
    }


@pytest.fixture(scope='module')
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what the build reads; the true checkout stays untouched."""
    return copy_sources(tmp_path_factory.mktemp('checkout'))


@pytest.fixture(scope='module')
def source(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The unpacked source distribution, beside a stale build of an older one."""
    out = tmp_path_factory.mktemp('sdist')
    build = 'import sys, setuptools.build_meta as b; b.build_sdist(sys.argv[1])'
    run(sys.executable, '-c', build, out, cwd=checkout)
    (archive,) = out.glob('*.tar.gz')
    shutil.unpack_archive(archive, out)
    (source,) = (path for path in out.iterdir() if path.is_dir())
    stale = source / 'build/lib/fashion_mmpose/.mim/configs/stale.py'
    stale.parent.mkdir(parents=True)
    stale.touch()
    return source


@pytest.fixture(scope='module')
def wheel(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp('wheel')
    build = 'import sys, setuptools.build_meta as b; b.build_wheel(sys.argv[1])'
    run(sys.executable, '-c', build, out, cwd=source)
    (path,) = out.glob('*.whl')
    return path


@pytest.fixture(scope='module')
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp('target')
    pip_install = ('install', '--no-deps', '--no-compile', '--target', target)
    run(sys.executable, '-m', 'pip', *pip_install, wheel, cwd=target)
    return target


def test_wheel_carries_configs_and_scripts(wheel: Path, checkout: Path):
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    mim = {name for name in names if name.startswith('fashion_mmpose/.mim/')}
    expected = {
        name for folder in MIM_FOLDERS for name in files_below(checkout, folder)
    } | {'model-index.yml'}
    assert len(expected) > 1
    assert mim == {f'fashion_mmpose/.mim/{name}' for name in expected}
    package = {name for name in names if name.startswith('fashion_mmpose/')} - mim
    assert package == files_below(checkout, 'fashion_mmpose')


def test_build_adds_nothing_to_the_sources(wheel: Path, source: Path, checkout: Path):
    for folder in ('fashion_mmpose', *MIM_FOLDERS):
        assert files_below(source, folder) == files_below(checkout, folder)


def test_editable_installation_copies_nothing(checkout: Path, tmp_path: Path):
    before = files_below(checkout, 'fashion_mmpose')
    build = 'import sys, setuptools.build_meta as b; b.build_editable(sys.argv[1])'
    run(sys.executable, '-c', build, tmp_path, cwd=checkout)
    (path,) = tmp_path.glob('*.editable-*.whl')
    with zipfile.ZipFile(path) as archive:
        assert any('__editable__' in name for name in archive.namelist())
    assert files_below(checkout, 'fashion_mmpose') == before


def test_installed_package_finds_its_configs(installed: Path, tmp_path: Path):
    script = tmp_path / 'paths.py'
    script.write_text(
        'import json, sys\n'
        'from functools import cache\n'
        f'sys.path.insert(0, {str(installed)!r})\n'
        'from mmengine import Config\n'
        'from fashion_mmpose.config.loading import config_names, find_config\n'
        'paths = {name: str(find_config(name)) for name in config_names()}\n'
        'Config._file2dict = cache(Config._file2dict)  # a base of many is read once\n'
        'for path in paths.values():\n'
        '    Config.fromfile(path)\n'
        'print(json.dumps(paths))\n'
    )
    out = run_with_libraries('-W', 'ignore', script, cwd=tmp_path).stdout
    paths = json.loads(out.splitlines()[-1])
    root = installed / 'fashion_mmpose/.mim/configs'
    assert paths == {name: str(root / f'{name}.py') for name in paths}
    assert set(paths) >= {path.stem for path in (ROOT / 'configs').glob('*.py')}


def test_wheel_cannot_move_the_stack(installed: Path):
    (dist,) = metadata.distributions(path=[str(installed)])
    assert (
        dist.version == (ROOT / 'fashion_mmpose/version.py').read_text().split("'")[1]
    )
    asked = unconditional(dist.requires or [])
    assert asked == {*CORE, 'numpy', 'pillow'}  # OpenCV is here already
    # Pip moves an installed package only to meet a bound.
    bounded = unconditional(
        [each for each in dist.requires if Requirement(each).specifier]
    )
    assert bounded & UNTOUCHED == set()
    # Nor through what the asked ones ask for.
    for name in asked:
        assert unconditional(metadata.requires(name) or []) & UNTOUCHED == set()


@pytest.fixture(scope='module')
def owners() -> Mapping[str, list[str]]:
    """The distributions that each module is of."""
    return metadata.packages_distributions()


@pytest.fixture(scope='module')
def setup_script():
    """setup.py as a module, which builds nothing."""
    spec = importlib.util.spec_from_file_location('setup_script', ROOT / 'setup.py')
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    'installed, expected',
    [
        pytest.param({}, ['opencv-python-headless>=4.8'], id='empty environment'),
        pytest.param(
            {'numpy': '1.26.4'}, ['opencv-python-headless>=4.8,<4.12'], id='numpy 1'
        ),
        pytest.param({'numpy': '2.3.1'}, ['opencv-python-headless>=4.8'], id='numpy 2'),
        *(
            pytest.param({build: '4.11.0.86'}, [], id=build)
            for build in (
                'opencv-python',
                'opencv-python-headless',
                'opencv-contrib-python',
                'opencv-contrib-python-headless',
            )
        ),
    ],
)
def test_opencv_is_asked_for_where_there_is_none(
    setup_script, installed: dict[str, str], expected: list[str]
):
    assert setup_script.opencv(installed) == expected


def test_an_isolated_build_sees_the_environment():
    """Pip takes site-packages out of a build's ``sys.path``."""
    code = (
        'import importlib.util as u, json, sys, types\n'
        "sys.path = [each for each in sys.path if 'site-packages' not in each]\n"
        "for name in ('setuptools', 'setuptools.command.build_py'):\n"
        '    module = sys.modules[name] = types.ModuleType(name)\n'
        '    module.setup = None\n'
        '    module.build_py = object\n'
        "sys.modules['setuptools.command'] = types.ModuleType('setuptools.command')\n"
        "spec = u.spec_from_file_location('setup_script', sys.argv[1])\n"
        'script = u.module_from_spec(spec)\n'
        'spec.loader.exec_module(script)\n'
        'print(json.dumps(script.installed_versions()))\n'
    )
    env = {key: value for key, value in PIP_ENV.items() if key != 'PYTHONPATH'}
    out = run(sys.executable, '-c', code, ROOT / 'setup.py', cwd=ROOT, env=env)
    seen = json.loads(out)
    assert seen['numpy'] == metadata.version('numpy')
    assert any('opencv' in name for name in seen)


def test_core_is_what_the_package_imports_without_its_plugin(setup_script, owners):
    """Nothing of the core's libraries is missing, and none is asked for in vain."""
    asked = {Requirement(each).name for each in setup_script.CORE}
    assert asked == {*CORE, 'numpy', 'pillow'}
    used = set[str]()
    for path in core_modules().values():
        for module in imported_modules(path) - {*sys.stdlib_module_names}:
            used |= {canonicalize_name(name) for name in owners.get(module, [module])}
    # Of the extras, imported when they are used.
    extras = {
        'av',
        'fastapi',
        'gradio',
        'huggingface-hub',
        'jinja2',
        'matplotlib',
        'mcp',
        'onnxruntime',
        'openpyxl',
        'pillow-heif',
        'plotly',
        'pyarrow',
        'ray',
        'supervision',
        'trackers',
        'uvicorn',
    }
    assert {name for name in used - extras if 'opencv' not in name} == asked


def test_developer_tools_are_listed_alike():
    """The extra ``dev`` is what `make setup` installs."""
    project = tomllib.loads((ROOT / 'pyproject.toml').read_text())['project']
    extra = {Requirement(each).name for each in project['optional-dependencies']['dev']}
    assert extra == requirements('dev.txt').keys()


def test_installation_adds_this_package_alone(wheel: Path, tmp_path: Path):
    dry_run = ('install', '--dry-run', '--quiet', '--report', '-')
    report = run(sys.executable, '-m', 'pip', *dry_run, wheel, cwd=tmp_path)
    names = {each['metadata']['name'] for each in json.loads(report)['install']}
    # None where this very version is installed already.
    assert names <= {'fashion-mmpose'}


def test_imports_are_declared(installed: Path, owners):
    (dist,) = metadata.distributions(path=[str(installed)])
    declared = {canonicalize_name(Requirement(each).name) for each in dist.requires}
    # An environment with MMPose has these, and what they ask for.
    declared |= {'torch', 'torchvision', 'mmcv', 'mmcv-lite', 'mmengine', 'mmpose'}
    for name in ('mmpose', 'mmengine', 'mmdet'):
        declared |= unconditional(metadata.requires(name) or [])
    for folder in ('fashion_mmpose', 'tools', 'data_converters'):
        for path in (ROOT / folder).rglob('*.py'):
            for module in imported_modules(path) - {*sys.stdlib_module_names}:
                names = {canonicalize_name(n) for n in owners.get(module, [module])}
                assert names & {*declared, 'fashion-mmpose'}, f'{path}: {module}'


@cache
def imported_modules(path: Path) -> set[str]:
    """Top-level names that a file imports absolutely, its siblings excepted."""
    names = set[str]()
    for node in ast.walk(ast.parse(path.read_text(encoding='utf-8'))):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition('.')[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names.add(node.module.partition('.')[0])
    siblings = {each.stem for each in path.parent.glob('*.py')}
    return names - siblings - {'fashion_mmpose', 'benchmarks'}


def test_requirements_cover_what_is_installed_without_dependencies():
    stages = ('build.txt', 'torch.txt', 'runtime.txt', 'openmmlab.txt')
    listed = {name for stage in stages for name in requirements(stage)}
    needed = set[str]()
    for name in requirements('openmmlab.txt'):
        needed |= unconditional(metadata.requires(name) or [])
    # Nothing imports the first, and the second builds xtcocotools.
    assert needed - {'chumpy', 'cython'} <= listed


def test_constraints_bound_every_requirement():
    bounds = requirements('constraints.txt')
    for path in (ROOT / 'requirements').glob('*.txt'):
        unbounded = {name for name in requirements(path.name) if name not in bounds}
        assert unbounded == set(), path.name
    assert all(each.specifier for each in bounds.values())


@pytest.mark.parametrize(
    'repository, package',
    [
        pytest.param('astral-sh/ruff-pre-commit', 'ruff', id='ruff'),
        pytest.param('codespell-project/codespell', 'codespell', id='codespell'),
    ],
)
def test_pre_commit_uses_the_pinned_version(repository: str, package: str):
    text = (ROOT / '.pre-commit-config.yaml').read_text()
    rev = re.search(rf'{repository}\n +rev: v(\S+)', text)
    assert rev
    assert f'=={rev[1]}' == str(requirements('constraints.txt')[package].specifier)


def test_manifest_names_what_exists():
    """setuptools only warns of a name that is not there."""
    lines = (ROOT / 'MANIFEST.in').read_text().splitlines()
    named = [line.split()[1:] for line in lines if not line.startswith('global-')]
    names = [name for line in named for name in line]
    assert 'LICENSE' in names and 'configs' in names
    assert [name for name in names if not (ROOT / name).exists()] == []
