"""Folders of networks for PyTorch: what is taken from them, and what is refused."""

import json
import re
from pathlib import Path

import msgspec
import numpy as np
import pytest
import torch
from model_hub import COMMIT, model_hub
from safetensors.torch import save_file
from small_networks import assert_same, inferencer_of
from tiny_detector import write_config
from toolbox import load_tool, run

from fashion_mmpose import GarmentDetector, PoseNetwork
from fashion_mmpose.cli.main import main
from fashion_mmpose.config.loading import load_config
from fashion_mmpose.config.stored import flatten_config
from fashion_mmpose.errors import FormatError
from fashion_mmpose.inference import GarmentInferencer
from fashion_mmpose.measure.uncertainty.calibration import Calibration
from fashion_mmpose.pretrained import names_folder, read_index
from fashion_mmpose.pretrained.index import INDEX
from fashion_mmpose.weights import read_checkpoint
from fashion_mmpose.weights.folders import config_and_weights, weights_file
from fashion_mmpose.weights.safetensors_file import encode_weights

pytestmark = pytest.mark.slow


@pytest.fixture(scope='module')
def folder(small, small_detector, tmp_path_factory) -> Path:
    """Networks of two categories and a detector, without ONNX files."""
    inferencer = GarmentInferencer(
        {name: small.of(f'fashionai_{name}') for name in ('blouse', 'skirt')},
        None,
        *map(str, small_detector),
        device='cpu',
    )
    path = tmp_path_factory.mktemp('stored') / 'garments'
    inferencer.save_pretrained(path, onnx=False)
    return path


def test_what_is_written(folder: Path):
    index = read_index(folder)
    assert [each.files for each in index.pose] == [
        (f'pose_{name}.json', f'pose_{name}.safetensors')
        for name in ('blouse', 'skirt')
    ]
    assert index.detector.files == ('detector.json', 'detector.safetensors')
    card = (folder / 'README.md').read_text()
    assert '`pose_skirt.json`, `pose_skirt.safetensors`: skirt |' in card
    assert 'load_from=FOLDER' in card
    assert 'is all that it needs' not in card
    told = read_checkpoint(folder / 'pose_skirt.safetensors').meta['dataset_meta']
    assert told['dataset_name'] == 'fashionai_skirt'
    assert told['categories'] == ['skirt']


def test_the_same_points(small, small_detector, folder: Path):
    boxes = dict(bboxes=[[(3, 2.5, 44, 60)]] * len(small.paths))
    boxes['category'] = 'skirt'
    theirs = inferencer_of(small, 'fashionai_skirt')
    expected = [*theirs.garments(small.paths, **boxes)]
    for inferencer in (
        GarmentInferencer.from_pretrained(folder, device='cpu'),
        GarmentInferencer(pose=folder, device='cpu'),
        GarmentInferencer(dict(skirt=folder / 'pose_skirt.json'), device='cpu'),
    ):
        assert_same(inferencer.garments(small.paths, **boxes), expected, atol=1e-6)
    detector = GarmentDetector(folder, device='cpu')
    theirs = GarmentDetector(*map(str, small_detector), device='cpu')
    assert detector.classes == theirs.classes
    for one, other in zip(
        detector.detect(small.images), theirs.detect(small.images), strict=True
    ):
        np.testing.assert_array_equal(one.bboxes, other.bboxes)
        np.testing.assert_array_equal(one.scores, other.scores)


def test_an_ensemble(small, tmp_path: Path):
    network = PoseNetwork(small.config('ensemble'))
    inferencer = GarmentInferencer(small.config('ensemble'), device='cpu')
    inferencer.save_pretrained(tmp_path, onnx=False)
    again = PoseNetwork(tmp_path)
    found = again.model.state_dict()
    for key, value in network.model.state_dict().items():
        assert torch.equal(found[key], value)


def test_the_calibration_goes_along(small, tmp_path: Path):
    network = PoseNetwork(*small.of('fashionai_skirt'))
    names = network.model.dataset_meta['keypoint_id2name'].values()
    network.calibration = Calibration(
        dict.fromkeys(names, 1.5), dict.fromkeys(names, 0.01), 0.5, 4.0
    )
    inferencer = inferencer_of(small, 'fashionai_skirt')
    inferencer.networks = dict(skirt=network)
    (tmp_path / 'pose.calibration.json').write_text('of a network that was here before')
    inferencer.save_pretrained(tmp_path, onnx=False)
    assert PoseNetwork(tmp_path).calibration == network.calibration
    assert not (tmp_path / 'pose.calibration.json').exists()


def test_which_network_is_taken(folder: Path, tmp_path: Path):
    assert weights_file(folder, category='skirt').name == 'pose_skirt.safetensors'
    assert weights_file(folder, is_detector=True).name == 'detector.safetensors'
    with pytest.raises(FormatError, match=r'several pose networks: pose_blouse\.json'):
        weights_file(folder)
    with pytest.raises(FormatError, match='several pose networks'):
        PoseNetwork(folder)
    # A folder of a detector alone stands for it.
    index = json.loads((folder / INDEX).read_text())
    for file in folder.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / INDEX).write_text(json.dumps(index | dict(pose=[])))
    assert config_and_weights(tmp_path)[0].name == 'detector.json'
    with pytest.raises(FormatError, match='no pose network, only a detector'):
        PoseNetwork(tmp_path)
    with pytest.raises(FormatError, match='no pose network, only a detector'):
        GarmentInferencer(pose=tmp_path)
    (tmp_path / INDEX).write_text(json.dumps(index | dict(detector=None)))
    with pytest.raises(FormatError, match='has no detector'):
        GarmentDetector(tmp_path)


def test_onnx_alone_is_not_trained(folder: Path, tmp_path: Path):
    index = msgspec.json.decode((folder / INDEX).read_bytes())
    index['pose'] = [dict(graph='pose.onnx', categories=['skirt'])]
    index['detector'] = None
    (tmp_path / 'pose.onnx').touch()
    (tmp_path / INDEX).write_bytes(msgspec.json.encode(index))
    for call in (weights_file, config_and_weights, PoseNetwork):
        with pytest.raises(FormatError, match=r'holds ONNX files only, .*publish'):
            call(tmp_path)


def test_files_that_are_none(tmp_path: Path):
    path = tmp_path / 'a.safetensors'
    with pytest.raises(FileNotFoundError, match='does not exist'):
        read_checkpoint(path)
    path.write_bytes(b'none')
    with pytest.raises(FormatError, match='is not a file of safetensors'):
        read_checkpoint(path)
    whole = encode_weights(dict(a=torch.ones(3)), dict(dataset_meta=dict(classes='b')))
    path.write_bytes(whole[:-1])
    with pytest.raises(FormatError, match='is cut short or damaged'):
        read_checkpoint(path)
    path.write_bytes(whole)
    stored = read_checkpoint(path)
    assert stored.meta == dict(dataset_meta=dict(classes='b'))
    assert torch.equal(stored.tensors['a'], torch.ones(3))
    save_file(dict(a=torch.ones(1)), path, dict(fashion_mmpose='[]'))
    with pytest.raises(FormatError, match='does not say what the weights are for'):
        read_checkpoint(path)
    save_file(dict(a=torch.ones(1)), path)
    assert read_checkpoint(path).meta == {}


@pytest.mark.parametrize(
    'name, expected',
    [
        pytest.param('team/garments', True, id='id'),
        pytest.param('team/garments-v1.0@main', True, id='revision'),
        pytest.param('team/hrnet.pth', False, id='file'),
        pytest.param('team/HRNET.ONNX', False, id='capitals'),
        pytest.param('tests/hrnet', False, id='in-a-folder-here'),
        pytest.param('starter/none', False, id='config'),
        pytest.param('a/b/c', False, id='deep'),
        pytest.param('hrnet', False, id='name'),
        pytest.param(None, False, id='none'),
        pytest.param(Path('team/garments'), False, id='path'),
    ],
)
def test_names_of_folders(name, expected: bool, tmp_path: Path, monkeypatch):
    (tmp_path / 'tests').mkdir()
    monkeypatch.chdir(tmp_path)
    assert names_folder(name) is expected


def test_the_commands(trained, tmp_path: Path, run_test, capsys):
    config, weights = trained / 'tiny.py', trained / 'work_dirs/tiny/epoch_4.pth'
    publish, train = load_tool('publish.py'), load_tool('train.py')
    out = str(tmp_path / 'garments')
    options = ['--out', out, '--no-onnx']
    assert publish.main([str(config), str(weights), *options]) == 0
    assert str(trained) not in (tmp_path / 'garments/pose.json').read_text()
    # The same predictions, of the folder in the place of config and checkpoint.
    data = ('--data-root', trained / 'data')
    assert run_test(trained, out, *data) == run_test(trained, config, weights)
    assert run_test(trained, config, out) == run_test(trained, config, weights)
    assert run_test(trained, f'{out}/pose.json', *data)
    # A training starts from it.
    begin = ['--cfg-options', f'load_from={out}', 'train_cfg.max_epochs=1']
    work_dir = tmp_path / 'tuned'
    assert train.main([str(config), '--work-dir', str(work_dir), *begin]) == 0
    (log,) = work_dir.glob('*/*.log')
    taken = r'tensors taken over: backbone (\d+) of \1, head (\d+) of \2'
    assert re.search(taken, log.read_text())
    capsys.readouterr()
    assert train.main([out, '--work-dir', str(work_dir)]) == 1
    assert 'load_from=' in capsys.readouterr().err


def test_predictions_of_a_folder(small, folder: Path, tmp_path: Path):
    out = ('--device', 'cpu', '--out-dir', str(tmp_path / 'out'))
    chosen = ('--pose', str(folder), '--det', str(folder), '--score-thr', '0')
    assert main(['predict', small.paths[0], *chosen, *out]) == 0
    found = json.loads((tmp_path / 'out/predictions.json').read_text())
    assert {each['category'] for each in found} <= {'blouse', 'skirt'}
    assert found
    # Its detector is taken where it is asked for only.
    chosen = ('--pose', str(folder), '--category', 'skirt')
    assert main(['predict', small.paths[0], *chosen, *out]) == 0
    (whole,) = json.loads((tmp_path / 'out/predictions.json').read_text())
    assert whole['category'] == 'skirt'


def test_weights_of_a_hub(folder: Path, tmp_path: Path, monkeypatch):
    pytest.importorskip('huggingface_hub')
    monkeypatch.setenv('HF_HOME', str(tmp_path / 'kept'))
    script = tmp_path / 'fetch.py'
    script.write_text(
        'import sys\nfrom fashion_mmpose.weights.folders import weights_file\n'
        "print(weights_file(sys.argv[1], category='skirt'))\n"
    )
    with model_hub(folder, monkeypatch):
        done = run(script, f'team/garments@{COMMIT}', cwd=tmp_path)
    fetched = Path(done.stdout.splitlines()[-1])
    assert fetched.is_relative_to(tmp_path / 'kept')
    assert fetched.read_bytes() == (folder / 'pose_skirt.safetensors').read_bytes()


@pytest.mark.parametrize(
    'command, function, options',
    [
        ('calibrate', 'calibration.calibrate.PoseNetwork', ['--out', 'fitted.json']),
        ('compare-boxes', 'boxes.compare_boxes.compare_boxes', []),
        ('export', 'export.export_network', ['--out', 'pose.onnx']),
    ],
)
def test_a_config_of_a_folder_finds_its_weights(
    folder: Path, tmp_path: Path, monkeypatch, capsys, command, function, options
):
    monkeypatch.chdir(tmp_path)
    taken = []

    def stop(config, checkpoint, *rest):
        taken.append((config.model.type, checkpoint))
        raise ValueError('that is enough')

    monkeypatch.setattr(f'fashion_mmpose.commands.{function}', stop)
    assert main([command, str(folder / 'pose_skirt.json'), *options]) == 1
    assert 'that is enough' in capsys.readouterr().err
    assert taken == [('TopdownPoseEstimator', str(folder / 'pose_skirt.safetensors'))]
    # No one network is that of a folder of several.
    assert main([command, str(folder), *options]) == 1
    assert 'several pose networks' in capsys.readouterr().err


def test_boxes_of_a_folders_detector(
    small, small_detector, folder: Path, tmp_path: Path, capsys
):
    pictures = '--ann-file', small.folder / 'fashionai.json', '--img-root', small.folder
    found = []
    for number, network in enumerate(([folder], [*small_detector])):
        out = tmp_path / f'{number}.json'
        command = [*network, *pictures, '--out', out, '--workers', 0]
        assert main(['detect', *map(str, command)]) == 0
        found.append(json.loads(out.read_text()))
    assert found[0] == found[1] != []
    out = tmp_path / 'none.json'
    command = [small_detector[0], *pictures, '--out', out]
    assert main(['detect', *map(str, command)]) == 1
    assert 'CHECKPOINT is missing' in capsys.readouterr().err


def test_a_detector_is_tested(drawn, small_detector, folder: Path, tmp_path: Path):
    """Its annotations move with its data, of which a folder tells no place."""
    config = write_config(tmp_path / 'tiny_det.py', drawn / 'data')
    index = flatten_config(load_config(config))
    (tmp_path / 'det.json').write_text(json.dumps(index))
    assert str(drawn) not in (tmp_path / 'det.json').read_text()
    for name in ('detector.safetensors', INDEX, 'pose_skirt.safetensors'):
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    told = json.loads((folder / INDEX).read_text())
    told |= dict(pose=[], detector=told['detector'] | dict(config='det.json'))
    (tmp_path / INDEX).write_text(json.dumps(told))
    tool, metrics = load_tool('test.py'), []
    for number, network in enumerate(([tmp_path], [config, small_detector[1]])):
        work_dir = tmp_path / str(number)
        options = ('--work-dir', work_dir, '--data-root', drawn / 'data')
        assert tool.main([str(each) for each in (*network, *options)]) == 0
        (path,) = work_dir.rglob('metrics.json')
        metrics.append(json.loads(path.read_text())['metrics'])
    assert metrics[0] == metrics[1]
    assert 'coco/bbox_mAP' in metrics[0]
