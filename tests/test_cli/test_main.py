"""The command ``fashion-mmpose``: its commands, and what it says to wrong ones."""

import ast
import importlib.util
import re
import tomllib
from pathlib import Path

import cv2
import numpy as np
import pytest
from toolbox import ROOT, load_tool, run, run_cold

from fashion_mmpose.cli.main import COMMANDS, load, main
from fashion_mmpose.version import __version__

HELPERS = Path(__file__).parents[1] / 'helpers'
PROGRAM = ROOT / 'fashion_mmpose' / '__main__.py'
SCRIPTS = [
    path
    for folder in ('tools', 'data_converters')
    for path in sorted((ROOT / folder).glob('*.py'))
    if 'cli.main' in path.read_text()
]


def error_of(capsys, argv: list[str]) -> str:
    """The message of wrong arguments."""
    with pytest.raises(SystemExit, match='2'):
        main(argv)
    return capsys.readouterr().err.rpartition('error: ')[2].strip()


@pytest.mark.parametrize('name', COMMANDS)
def test_the_list_says_what_the_command_says(name: str):
    source = importlib.util.find_spec(COMMANDS[name].module).origin
    docstring = ast.get_docstring(ast.parse(Path(source).read_text()))
    assert COMMANDS[name].summary == docstring.splitlines()[0]


@pytest.mark.parametrize('name', COMMANDS)
def test_help(capsys, name: str):
    with pytest.raises(SystemExit, match='0'):
        main([*name.split(), '--help'])
    text = capsys.readouterr().out
    assert text.startswith(f'usage: fashion-mmpose {name} ')


def test_help_lists_all_commands(tmp_path: Path):
    lines = run('-m', 'fashion_mmpose', '--help', cwd=ROOT).stdout.splitlines()
    listed = [line.split('  ')[2] for line in lines if line.startswith('    ')]
    assert listed == list(COMMANDS)


@pytest.mark.slow
@pytest.mark.parametrize(
    'argv', [['--version'], ['submit', '--help'], ['scoer'], ['submit', 'none.json']]
)
def test_the_module_is_the_installed_command(tmp_path: Path, argv: list[str]):
    """`python -m fashion_mmpose`, as torchrun starts it, and `fashion-mmpose`."""
    project = tomllib.loads((ROOT / 'pyproject.toml').read_text())['project']
    ((name, target),) = project['scripts'].items()
    module, function = target.split(':')
    script = tmp_path / name  # as pip writes it
    script.write_text(
        f'import sys\nfrom {module} import {function}\nsys.exit({function}())\n'
    )
    installed = run(script, *argv, cwd=tmp_path, check=False)
    by_module = run('-m', 'fashion_mmpose', *argv, cwd=tmp_path, check=False)
    for part in ('returncode', 'stdout', 'stderr'):
        assert getattr(by_module, part) == getattr(installed, part)
    assert installed.stdout + installed.stderr


def test_help_of_a_group(capsys):
    with pytest.raises(SystemExit, match='0'):
        main(['score', '--help'])
    text = capsys.readouterr().out
    assert 'score fashionai ' in text and 'score deepfashion2 ' in text
    assert 'train' not in text.partition('Commands:')[2]


def test_version(capsys):
    with pytest.raises(SystemExit, match='0'):
        main(['--version'])
    assert capsys.readouterr().out == f'{__version__}\n'


@pytest.mark.parametrize(
    'argv, message',
    [
        ([], 'the following arguments are required: COMMAND'),
        (
            ['predct'],
            "unknown command 'predct'; similar: predict, report, detect; --help lists",
        ),
        (['convert'], 'convert: say which: convert fashionai, convert deepfashion2'),
        (['score', 'coco'], 'score: say which: score fashionai, score deepfashion2'),
    ],
    ids=['none', 'unknown', 'group', 'unknown in a group'],
)
def test_wrong_commands(capsys, argv: list[str], message: str):
    assert error_of(capsys, argv).startswith(message)


def test_a_mistake_is_one_line(capsys, monkeypatch, tmp_path: Path):
    monkeypatch.chdir(tmp_path)
    assert main(['score', 'fashionai', 'a.csv', 'b.csv']) == 1
    error = "error: [Errno 2] No such file or directory: 'a.csv'\n"
    assert capsys.readouterr().err == error
    with pytest.raises(FileNotFoundError):
        main(['score', 'fashionai', 'a.csv', 'b.csv', '--debug'])


@pytest.mark.slow
@pytest.mark.parametrize(
    'name, arguments',
    [
        pytest.param('train', ['x'], id='train'),
        # It needs the plugin for configs only.
        pytest.param(
            'predict', 'x.png --pose x.py x.pth --out-dir out'.split(), id='predict'
        ),
        pytest.param('train-all', ['x'], id='train-all'),
        pytest.param('run', ['x'], id='run'),
    ],
)
def test_the_plugin_says_what_it_lacks(tmp_path: Path, name: str, arguments):
    cv2.imwrite(str(tmp_path / 'x.png'), np.zeros((8, 8, 3), np.uint8))
    hidden = (HELPERS / 'without_plugin.py', PROGRAM, name, *arguments)
    done = run_cold(*hidden, cwd=tmp_path, check=False)
    (line,) = done.stderr.splitlines()
    assert done.returncode == 1
    assert (
        line.startswith('error: fashion_mmpose needs torch') and 'pip install' in line
    )
    debugged = run_cold(*hidden, '--debug', cwd=tmp_path, check=False)
    assert 'Traceback' in debugged.stderr


@pytest.mark.parametrize('path', SCRIPTS, ids=[path.stem for path in SCRIPTS])
def test_scripts_are_commands(capsys, path: Path):
    name = re.search(r"partial\(call, '(.+)'\)", path.read_text())[1]
    assert f'``fashion-mmpose {name}``' in path.read_text()
    with pytest.raises(SystemExit, match='0'):
        load_tool(path).main(['--help'])
    assert f'fashion-mmpose {name} ' in capsys.readouterr().out


def test_every_command_but_one_has_a_script():
    names = {re.search(r"call, '(.+)'\)", path.read_text())[1] for path in SCRIPTS}
    assert {*COMMANDS} - names == {'run'}


@pytest.fixture
def script(tmp_path: Path) -> Path:
    (tmp_path / 'beside.py').write_text('CODE = 7\n')
    script = tmp_path / 'script.py'
    script.write_text(
        'import sys\n'
        'from beside import CODE\n'
        'from mmpose.registry import MODELS\n'
        "assert __name__ == '__main__' and 'CPNHead' in MODELS\n"
        'print(sys.argv)\n'
        "if '--fail' in sys.argv:\n"
        "    raise ValueError('of the script')\n"
        'sys.exit(CODE)\n'
    )
    return script


@pytest.mark.slow
def test_run_leaves_a_script_as_it_is(script: Path):
    command = (PROGRAM, 'run', script, '--help', '-x', 'a b')
    done = run(*command, cwd=ROOT, check=False)
    assert done.returncode == 7
    assert done.stdout == f'{[str(script), "--help", "-x", "a b"]}\n'
    failed = run(PROGRAM, 'run', script, '--fail', cwd=ROOT, check=False)
    assert failed.returncode == 1
    assert failed.stderr.endswith('\nValueError: of the script\n')


def test_run_needs_a_script(capsys, tmp_path: Path):
    path = f'{tmp_path}/no.py'
    assert error_of(capsys, ['run', path]) == f'{path}: no such file'


@pytest.mark.slow
def test_commands_are_imported_when_they_are_used(tmp_path: Path):
    code = (
        'import sys\n'
        'from fashion_mmpose.cli.main import COMMANDS, load\n'
        'heavy = {"torch", "mmengine", "numpy", "cv2"}\n'
        'assert not heavy & sys.modules.keys()\n'
        'load("submit")\n'
        'assert "torch" not in sys.modules and "numpy" in sys.modules\n'
        'print(len(COMMANDS))\n'
    )
    assert int(run('-c', code, cwd=ROOT).stdout) == len(COMMANDS)
    assert load('submit').__module__ == 'fashion_mmpose.cli.submit'
