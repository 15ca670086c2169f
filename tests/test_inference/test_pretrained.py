"""Networks as folders: written, read again, fetched from a hub, refused."""

import json
import os
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import cv2
import msgspec
import numpy as np
import pytest
from model_hub import COMMIT, model_hub
from small_networks import ToldDetector, assert_same, inferencer_of
from toolbox import ROOT, run

from fashion_mmpose.catalogue.model_id import model_id
from fashion_mmpose.cli.main import main
from fashion_mmpose.errors import FormatError
from fashion_mmpose.inference import GarmentInferencer
from fashion_mmpose.inference.storing import _Parts
from fashion_mmpose.measure.uncertainty.calibration import (
    beside,
    read_calibration,
    write_calibration,
)
from fashion_mmpose.pretrained import Index, StoredNetwork, local_folder, read_index
from fashion_mmpose.pretrained.card import write_card
from fashion_mmpose.pretrained.index import INDEX
from fashion_mmpose.starter import FOLDER
from fashion_mmpose.synthetic import draw_deepfashion2

pytest.importorskip('onnxruntime')

pytestmark = pytest.mark.slow

ALONE = ROOT / 'tests' / 'helpers' / 'without_plugin.py'
SCRIPT = """
import sys
from fashion_mmpose import GarmentInferencer
name, picture, revision = sys.argv[1:]
inferencer = GarmentInferencer.from_pretrained(name, revision or None, 'cpu')
print(*(g.category for g in inferencer.predict(picture).garments))
"""


@pytest.fixture(scope='module')
def stored(tmp_path_factory) -> Path:
    """The starter as a folder, and a picture beside it."""
    folder = tmp_path_factory.mktemp('stored') / 'starter'
    inferencer = GarmentInferencer(device='cpu', det_options=dict(score_thr=0.4))
    inferencer.save_pretrained(folder, {'deepfashion2/AP': 0.148})
    outfit = draw_deepfashion2(11, 2, 'short_sleeved_shirt').image
    cv2.imwrite(str(folder.parent / 'outfit.png'), outfit)
    return folder


def test_the_same_garments(stored: Path):
    picture = stored.parent / 'outfit.png'
    expected = GarmentInferencer(device='cpu', det_options=dict(score_thr=0.4))
    again = GarmentInferencer.from_pretrained(stored, device='cpu')
    assert again.detector.score_thr == 0.4
    found = again.predict(picture).garments
    assert found
    assert_same(found, expected.predict(picture).garments, atol=1e-4)
    other = dict(score_thr=0.9)
    inferencer = GarmentInferencer.from_pretrained(stored, det_options=other)
    assert inferencer.detector.score_thr == 0.9
    assert inferencer.garment_thr == expected.garment_thr == 0.1
    strict = dict(garment_thr=0.05)
    inferencer = GarmentInferencer.from_pretrained(stored, det_options=strict)
    assert (inferencer.garment_thr, inferencer.detector.score_thr) == (0.05, 0.4)
    assert model_id(inferencer) != model_id(again)
    other = stored.parent / 'strict'
    inferencer.save_pretrained(other)
    assert GarmentInferencer.from_pretrained(other).garment_thr == 0.05
    # Written over itself, it stays what it is.
    before = {path.name: path.read_bytes() for path in stored.iterdir()}
    again.save_pretrained(stored, {'deepfashion2/AP': 0.148})
    assert before == {path.name: path.read_bytes() for path in stored.iterdir()}


def test_calibrations_go_along(stored: Path, tmp_path: Path):
    fitted = read_calibration(beside(FOLDER / 'deepfashion2.onnx'))
    assert read_calibration(stored / 'pose.calibration.json') == fitted
    assert 'pose.calibration.json' in read_index(stored).pose[0].beside
    # It goes before what stands in the graph, also in the folder.
    for name in read_index(stored).pose[0].beside:
        shutil.copy(stored / name, tmp_path)
    shutil.copy(stored / 'pose.onnx', tmp_path / 'own.onnx')
    other = replace(fitted, dof=7.0, curve=None)
    write_calibration(tmp_path / 'own.calibration.json', other, {})
    own = GarmentInferencer(tmp_path / 'own.onnx', device='cpu')
    own.save_pretrained(tmp_path / 'folder')
    again = GarmentInferencer.from_pretrained(tmp_path / 'folder', device='cpu')
    assert again.networks['skirt'].calibration == other
    # One that is fitted to an earlier network does not stay for the next.
    (tmp_path / 'own.calibration.json').unlink()
    own.save_pretrained(tmp_path / 'folder')
    again = GarmentInferencer.from_pretrained(tmp_path / 'folder', device='cpu')
    assert again.networks['skirt'].calibration.dof == pytest.approx(fitted.dof)


def test_calibrations_of_categories_whose_names_have_dots_go_along(
    stored: Path, tmp_path: Path
):
    for name in ('pose.onnx', *read_index(stored).pose[0].beside):
        shutil.copy(stored / name, tmp_path)
    network = GarmentInferencer(tmp_path / 'pose.onnx', device='cpu').networks['skirt']
    parts = _Parts(None, verify=False, onnx=True, weights=False)
    told = parts.of(network, 'pose_no.7', ('no.7',))
    assert told.graph == 'pose_no.7.onnx'
    assert beside(told.graph).name in told.beside
    assert beside(told.graph).name in parts.files


def test_what_the_folder_says(stored: Path):
    index = read_index(stored)
    assert index.benchmark == 'deepfashion2'
    files = 'landmarks.safetensors', 'pose.calibration.json'
    assert index.pose[0].beside == files
    assert len(index.pose[0].categories) == len(index.detector.categories) == 13
    card = (stored / 'README.md').read_text()
    assert '| deepfashion2/AP | 0.148 |' in card
    assert 'library_name: fashion-mmpose' in card
    assert 'short_sleeved_shirt' in card
    assert {path.suffix for path in stored.iterdir()} == {
        *('.json', '.md', '.onnx', '.safetensors')
    }


def test_figures_are_numbers_that_json_has(tmp_path: Path):
    """Of NaN it has null, and the folder could not be read again."""
    inferencer = GarmentInferencer(benchmark='fashionai', device='cpu')
    for value in (float('nan'), np.float64('inf'), '4.1', None):
        with pytest.raises(ValueError, match='figures: NE is .*, and no finite number'):
            inferencer.save_pretrained(tmp_path / 'out', {'AP': 0.5, 'NE': value})
    assert not (tmp_path / 'out').exists()
    inferencer.save_pretrained(tmp_path / 'out', {'AP': np.float32(0.5), 'NE': 0})
    assert read_index(tmp_path / 'out').figures == {'AP': 0.5, 'NE': 0}


def test_the_command(stored: Path, tmp_path: Path, capsys):
    picture, out = str(stored.parent / 'outfit.png'), str(tmp_path / 'out')
    options = ['--pretrained', str(stored), '--device', 'cpu', '--out-dir', out]
    assert main(['predict', picture, *options]) == 0
    some = json.loads((tmp_path / 'out' / 'predictions.json').read_text())
    assert some and min(entry['bbox_score'] for entry in some) >= 0.4
    lower = ['--score-thr', '0.05', '--garment-thr', '0']
    assert main(['predict', picture, *options, *lower]) == 0
    more = json.loads((tmp_path / 'out' / 'predictions.json').read_text())
    assert len(more) > len(some)
    with pytest.raises(SystemExit, match='2'):
        main(['predict', picture, *options, '--benchmark', 'fashionai'])
    assert 'leave out --pose, --det and --benchmark' in capsys.readouterr().err
    wrong = ['--pretrained', 'none@v1', '--out-dir', out]
    assert main(['predict', picture, *wrong]) == 1
    assert 'none is no folder; an id of a model hub' in capsys.readouterr().err


def test_networks_of_pytorch_are_exported(small, traced, tmp_path: Path):
    pytest.importorskip('onnxscript')
    traced('fashionai_blouse')
    theirs = inferencer_of(small, 'fashionai_blouse')
    theirs.save_pretrained(tmp_path, verify=False)
    assert {path.name for path in tmp_path.iterdir()} == {
        *('README.md', 'fashion_mmpose.json', 'pose.onnx'),
        *('pose.json', 'pose.safetensors'),
    }
    assert 'No figures were given' in (tmp_path / 'README.md').read_text()
    ours = GarmentInferencer.from_pretrained(tmp_path, device='cpu')
    boxes = dict(bboxes=[[(3, 2.5, 44, 60)]] * len(small.paths))
    expected = theirs.garments(small.paths, **boxes)
    assert_same(ours.garments(small.paths, **boxes), expected, atol=1e-2)
    told = inferencer_of(small, 'fashionai_blouse', det_model=ToldDetector())
    with pytest.raises(TypeError, match='is a ToldDetector; a PoseNetwork or'):
        told.save_pretrained(tmp_path, verify=False)


def test_published(traced, tmp_path: Path, capsys):
    pytest.importorskip('onnxscript')
    metrics = tmp_path / 'metrics.json'
    metrics.write_text('{"metrics": {"fashionai/NE": 0.0412, "AP": null}}')
    out = str(tmp_path / 'out')
    arguments = [*traced('fashionai_blouse'), '--out', out, '--no-verify']
    assert main(['publish', *arguments, '--metrics', str(metrics)]) == 0
    assert f'{out}: networks for blouse\n' in capsys.readouterr().out
    assert read_index(out).figures == {'fashionai/NE': 0.0412}
    assert '| fashionai/NE | 0.0412 |' in (tmp_path / 'out/README.md').read_text()
    assert list(GarmentInferencer.from_pretrained(out).networks) == ['blouse']
    metrics.write_text('[]')
    assert main(['publish', *arguments, '--metrics', str(metrics)]) == 1
    assert 'is no metrics.json of a test' in capsys.readouterr().err


def test_folders_that_are_refused(stored: Path, tmp_path: Path, monkeypatch):
    with pytest.raises(FormatError, match=f'has no {INDEX}'):
        read_index(tmp_path)
    with pytest.raises(FileNotFoundError, match='none is no folder; an id of a model'):
        GarmentInferencer.from_pretrained('none')
    monkeypatch.chdir(stored.parent)
    with pytest.raises(
        FileNotFoundError, match='onnx is a file, .* name that, starter'
    ):
        GarmentInferencer.from_pretrained('starter/pose.onnx')
    with pytest.raises(ValueError, match="which has no revision 'main'"):
        local_folder(stored, 'main')
    index = json.loads((stored / INDEX).read_text())
    for changed, error, message in (
        (dict(format=3), FormatError, r'is of format 3, written by .*formats 1 to 2;'),
        (
            dict(pose=[dict(config='pose.json', categories=['skirt'])]),
            FormatError,
            'has neither a graph nor a config with weights',
        ),
        (dict(benchmark=3), FormatError, 'Expected `str`, got `int`'),
        (dict(detector=None), FileNotFoundError, 'names pose.onnx, which is not there'),
        (
            dict(pose=[dict(graph='../pose.onnx', categories=['skirt'])]),
            FormatError,
            "'../pose.onnx' is no file of the folder",
        ),
        (
            dict(pose=[dict(graph='pose.onnx', categories=[], code='a.py')]),
            FormatError,
            'unknown field `code`',
        ),
    ):
        (tmp_path / INDEX).write_text(json.dumps(index | changed))
        with pytest.raises(error, match=message):
            read_index(tmp_path)
    (tmp_path / INDEX).write_text('{')
    with pytest.raises(FormatError, match='to fix it: write the folder again'):
        read_index(tmp_path)


def test_limits_need_a_detector(tmp_path: Path, capsys):
    whole = GarmentInferencer(device='cpu', benchmark='fashionai')
    whole.save_pretrained(tmp_path / 'whole')
    with pytest.raises(ValueError, match='has no detector, whose boxes score_thr, max'):
        GarmentInferencer.from_pretrained(
            tmp_path / 'whole', det_options=dict(score_thr=0.5, max_overlap=None)
        )
    options = '--pretrained', str(tmp_path / 'whole'), '--score-thr', '0.5'
    inputs = 'predict', 'shop', '--category', 'skirt', '--out-dir', str(tmp_path)
    assert main([*inputs, *options]) == 1
    assert 'has no detector, whose boxes score_thr' in capsys.readouterr().err


def test_the_limits_of_a_detector_alone(stored: Path):
    as_told = GarmentInferencer(pose=stored, det=stored, device='cpu')
    assert (as_told.detector.score_thr, as_told.garment_thr) == (0.4, 0.1)
    assert as_told.detector.max_overlap == read_index(stored).det_options['max_overlap']
    limits = dict(score_thr=0.2, garment_thr=0)
    told = GarmentInferencer(pose=stored, det=stored, device='cpu', det_options=limits)
    assert (told.detector.score_thr, told.garment_thr) == (0.2, 0)


def test_a_card_of_several_networks():
    pose = tuple(
        StoredNetwork(graph=f'pose_{name}.onnx', categories=(name,))
        for name in ('blouse', 'skirt')
    )
    index = Index(
        pose=pose, detector=None, det_options={}, benchmark='fashionai', figures={}
    )
    assert msgspec.json.decode(msgspec.json.encode(index), type=Index) == index
    card = write_card(index)
    assert '| pose network | `pose_skirt.onnx`: skirt |' in card
    assert '| detector |' not in card
    # What it shows works: nothing else tells which garments these are.
    assert "in inferencer('shop/*.jpg', category='blouse'):" in card
    for alone in (
        msgspec.structs.replace(index, pose=pose[:1]),
        msgspec.structs.replace(index, detector=pose[1]),
    ):
        assert "in inferencer('shop/*.jpg'):" in write_card(alone)


@pytest.fixture
def endpoint(stored: Path, monkeypatch):
    """The address of a hub that has the folder as team/garments."""
    with model_hub(stored, monkeypatch) as address:
        yield address


def test_from_a_hub(stored: Path, tmp_path: Path, endpoint: str, monkeypatch):
    pytest.importorskip('huggingface_hub')
    monkeypatch.setenv('HF_HOME', str(tmp_path / 'kept'))
    (tmp_path / 'script.py').write_text(SCRIPT)
    picture = stored.parent / 'outfit.png'

    def fetch(name, revision='', check=True):
        arguments = ALONE, tmp_path / 'script.py', name, picture, revision
        return run(*arguments, cwd=tmp_path, check=check)

    assert 'short_sleeved_shirt' in fetch('team/garments', COMMIT).stdout
    missing = fetch('team/none', check=False)
    assert 'team/none: there is no such folder here, nor on the hub' in missing.stderr
    # Later, without the hub.
    monkeypatch.setenv('HF_HUB_OFFLINE', '1')
    assert 'short_sleeved_shirt' in fetch('team/garments', COMMIT).stdout
    offline = fetch('team/other', check=False)
    assert 'team/other is not on this machine' in offline.stderr
    assert 'to fix it: go online once' in offline.stderr
    assert os.listdir(tmp_path / 'kept')


def test_calibrations_that_a_hub_has_no_more(stored: Path, tmp_path: Path, monkeypatch):
    pytest.importorskip('huggingface_hub')
    monkeypatch.setenv('HF_HOME', str(tmp_path / 'kept'))
    on_hub = tmp_path / 'on_hub'
    shutil.copytree(stored, on_hub)
    fitted = read_calibration(on_hub / 'pose.calibration.json')
    (tmp_path / 'script.py').write_text(
        'from fashion_mmpose import GarmentInferencer as Garments\n'
        "inferencer = Garments.from_pretrained('team/garments', device='cpu')\n"
        "print(inferencer.networks['skirt'].calibration.dof)\n"
    )

    def dof():
        return float(run(ALONE, tmp_path / 'script.py', cwd=tmp_path).stdout)

    with model_hub(on_hub, monkeypatch):
        other = replace(fitted, dof=7.0)
        write_calibration(on_hub / 'pose.calibration.json', other, {})
        assert dof() == 7
        # Another network, which nobody has calibrated anew.
        (on_hub / 'pose.calibration.json').unlink()
        told = json.loads((on_hub / INDEX).read_bytes())
        told['pose'][0]['beside'].remove('pose.calibration.json')
        (on_hub / INDEX).write_text(json.dumps(told))
        monkeypatch.setattr('model_hub.COMMIT', 'b' * 40)
        assert dof() == pytest.approx(fitted.dof)
        # What was fitted to it here stays.
        (kept,) = (tmp_path / 'kept').glob('**/team--garments--main')
        write_calibration(kept / 'pose.calibration.json', other, {})
        assert dof() == 7


def test_an_id_without_huggingface_hub(monkeypatch):
    monkeypatch.setitem(sys.modules, 'huggingface_hub', None)
    with pytest.raises(ImportError, match=r"pip install 'fashion-mmpose\[hub\]'"):
        local_folder('team/garments')
