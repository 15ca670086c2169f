"""The core works without PyTorch and OpenMMLab, and imports nothing of the plugin."""

import ast
import json
import os
from collections import Counter
from graphlib import TopologicalSorter
from pathlib import Path

import pytest
from floors import (
    CORE_TESTS,
    PACKAGE,
    PLUGIN_LIBRARIES,
    TESTS,
    core_modules,
    floor_of,
    imports,
    modules,
    parsed,
    place_of,
)
from toolbox import ROOT, run_cold

HELPERS = Path(__file__).parent / 'helpers'
CORE_SCRIPTS = [
    'data_converters/coco_to_other_tools.py',
    'data_converters/deepfashion2_to_coco.py',
    'data_converters/detections_to_coco.py',
    'data_converters/fashionai_to_coco.py',
    'data_converters/fiftyone_to_coco.py',
    'data_converters/labels_to_coco.py',
    'data_converters/predictions_to_tianchi.py',
    'data_converters/yolo_predictions_to_coco.py',
    'tools/lens.py',
    'tools/make_synthetic.py',
    'tools/report.py',
    'tools/score_deepfashion2.py',
    'tools/score_fashionai.py',
]

# To the plugin: the package's names and the commands, each opened when it is used.
DOORS = (PACKAGE, f'{PACKAGE}.cli.main')


def alone(script: str | Path, *arguments, cwd: Path, check: bool = True):
    """Run a script where the plugin's libraries cannot be imported."""
    return run_cold(
        HELPERS / 'without_plugin.py', ROOT / script, *arguments, cwd=cwd, check=check
    )


@pytest.fixture(scope='module')
def journey(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with small drawn sets, raw and converted, made without PyTorch."""
    folder = tmp_path_factory.mktemp('core')
    few = ('--num', 3, '--seed', 5, '--workers', 1)
    fashionai = ('--category', 'skirt', '--out', 'fashionai')
    alone('tools/make_synthetic.py', *few, *fashionai, cwd=folder)
    deepfashion2 = ('--format', 'deepfashion2', '--out', 'df2')
    alone('tools/make_synthetic.py', *few, *deepfashion2, cwd=folder)
    alone(
        'data_converters/fashionai_to_coco.py',
        *('fashionai', '--out', 'coco', '--workers', 1),
        cwd=folder,
    )
    alone(
        'data_converters/deepfashion2_to_coco.py',
        *('--annos', 'df2/annos', '--images', 'df2/image'),
        *('--out', 'df2.json', '--workers', 1),
        cwd=folder,
    )
    return folder


@pytest.fixture(scope='module')
def found(journey: Path) -> dict:
    """What the core finds there."""
    return json.loads(alone(HELPERS / 'core_journey.py', cwd=journey).stdout)


@pytest.mark.slow
def test_the_libraries_are_really_hidden(tmp_path: Path):
    for library in sorted(PLUGIN_LIBRARIES):
        script = tmp_path / f'use_{library}.py'
        script.write_text(f'import {library}\n')
        done = alone(script, cwd=tmp_path, check=False)
        assert done.returncode == 1
        assert f"ModuleNotFoundError: No module named '{library}'" in done.stderr


def test_every_core_module_is_imported(found: dict):
    assert found['num_modules'] == len(core_modules()) > 50


def test_fashionai_without_pytorch(journey: Path, found: dict):
    coco = json.loads((journey / 'coco' / 'train_skirt.json').read_text())
    assert len(coco['images']) == len(coco['annotations']) == 3
    error, num_points = found['truth']
    assert error == 0
    labelled = [annotation['keypoints'][2::3] for annotation in coco['annotations']]
    assert num_points == sum(row.count(2) for row in labelled) > 0
    assert 0.005 < found['moved'][0] < 0.2  # 5 px of a waistband
    csv = 'fashionai/Annotations/annotations.csv'
    alone('tools/score_fashionai.py', csv, csv, '--json', 'ne.json', cwd=journey)
    assert json.loads((journey / 'ne.json').read_text())['ne'] == 0


def test_deepfashion2_without_pytorch(journey: Path, found: dict):
    assert found['deepfashion2']['AP'] == pytest.approx(1)
    files = ('df2.json', 'results.json', '--json', 'oks.json')
    alone('tools/score_deepfashion2.py', *files, cwd=journey)
    assert json.loads((journey / 'oks.json').read_text())['AP'] == pytest.approx(1)


def test_drawing_without_pytorch(journey: Path, found: dict):
    assert (journey / 'drawn' / 'skirt.png').is_file()
    assert found['num_drawn'] > 500


@pytest.mark.slow
@pytest.mark.parametrize('script', CORE_SCRIPTS)
def test_help_without_pytorch(tmp_path: Path, script: str):
    assert 'usage: ' in alone(script, '--help', cwd=tmp_path).stdout


@pytest.mark.slow
def test_importing_the_package_is_cheap(tmp_path: Path):
    script = tmp_path / 'names.py'
    script.write_text(
        'import sys\n'
        'import fashion_mmpose\n'
        'heavy = {"torch", "mmengine", "mmpose", "cv2", "numpy", "matplotlib"}\n'
        'assert not heavy & sys.modules.keys(), heavy & sys.modules.keys()\n'
        'from fashion_mmpose.inference import GarmentInferencer\n'
        'assert fashion_mmpose.GarmentInferencer is GarmentInferencer\n'
        'assert not {"torch", "mmengine"} & sys.modules.keys()\n'
        'try:\n'
        '    fashion_mmpose.nonsense\n'
        'except AttributeError as error:\n'
        '    print(error)\n'
    )
    expected = "module 'fashion_mmpose' has no attribute 'nonsense'\n"
    assert run_cold(script, cwd=tmp_path).stdout == expected


@pytest.mark.slow
def test_tests_of_the_core_start_without_pytorch():
    places = [TESTS / place for place in CORE_TESTS]
    pytest_main = Path(pytest.__file__).parent / '__main__.py'
    options = ('--collect-only', '-q', '-p', 'no:cacheprovider', '-p', 'no:xdist')
    done = alone(pytest_main, *options, *places, cwd=ROOT)
    assert 'tests collected' in done.stdout


def test_no_folder_holds_two_subjects():
    """One with more modules does; its ``__init__.py`` only says what they are."""
    inside = [path.parent for path in modules().values() if path.stem != '__init__']
    assert {folder: num for folder, num in Counter(inside).items() if num > 8} == {}


def test_no_file_is_too_long():
    lengths = {
        name: len(path.read_text('utf-8').splitlines())
        for name, path in modules().items()
    }
    assert {name: length for name, length in lengths.items() if length > 400} == {}


def test_every_module_has_a_floor():
    assert [name for name in modules() if floor_of(name) is None] == []


@pytest.mark.parametrize('name', core_modules())
def test_core_imports_nothing_of_the_plugin(name: str):
    path = modules()[name]
    known = modules()
    wrong = [
        imported
        for imported in imports(name, path, inside_functions=True)
        if imported.partition('.')[0] in PLUGIN_LIBRARIES
        or (imported in known and floor_of(imported) == 'plugin')
    ]
    assert wrong == []
    if name not in DOORS:
        assert 'import_module' not in identifiers(path)
        assert '__import__' not in identifiers(path)


def identifiers(path: Path) -> set[str]:
    nodes = list(ast.walk(parsed(path)))
    names = {node.id for node in nodes if isinstance(node, ast.Name)}
    names |= {node.attr for node in nodes if isinstance(node, ast.Attribute)}
    return names | {node.name for node in nodes if isinstance(node, ast.alias)}


def test_folders_import_in_their_order():
    """A garment's own methods that draw and measure are the only steps back."""
    known = modules()
    wrong = {
        (name, imported)
        for name, path in known.items()
        for imported in {*imports(name, path, inside_functions=True)} & known.keys()
        if place_of(imported) > place_of(name)
    }
    assert wrong == {
        ('fashion_mmpose.garments.prediction', 'fashion_mmpose.measure'),
        ('fashion_mmpose.garments.prediction', 'fashion_mmpose.visualization'),
    }


@pytest.mark.slow
def test_rooms_have_no_circle():
    """What lies side by side in a folder, modules and folders, has an order."""
    known = modules()
    folders = {name for name, path in known.items() if path.stem == '__init__'}
    graphs = {folder: {} for folder in folders - {PACKAGE}}
    for name, path in known.items():
        for imported in {*imports(name, path, inside_functions=True)} & known.keys():
            folder, one, other = parted(name, imported)
            if folder in graphs and one and other:
                graphs[folder].setdefault(one, set()).add(other)
    assert sum(map(len, graphs.values())) > len(graphs)
    for graph in graphs.values():
        TopologicalSorter(graph).prepare()  # raises CycleError, which names the circle


def parted(name: str, other: str) -> tuple[str, str, str]:
    """The folder that holds both, and where in it each of them lies."""
    one, two = name.split('.'), other.split('.')
    shared = len(os.path.commonprefix([one, two]))
    places = (''.join(parts[shared : shared + 1]) for parts in (one, two))
    return '.'.join(one[:shared]), *places


def test_imports_have_no_circle():
    known = modules()
    graph = {
        name: {*imports(name, path, inside_functions=False)} & known.keys()
        for name, path in known.items()
    }
    assert sum(map(len, graph.values())) > len(known)
    TopologicalSorter(graph).prepare()  # raises CycleError, which names the circle
