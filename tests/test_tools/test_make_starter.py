"""tools/make_starter.py, small: every step runs and leaves its file."""

import json
import shutil
import sys
from pathlib import Path

import onnx
import pytest
import torch
from mmengine.registry import DefaultScope
from mmpose.registry import MODELS
from safetensors.torch import load_file
from toolbox import ROOT, load_tool, run, warm_python

from fashion_mmpose.config.loading import load_config
from fashion_mmpose.inference.onnx.metadata import read_metadata
from fashion_mmpose.measure.uncertainty.calibration import beside, read_calibration
from fashion_mmpose.starter import DETECTOR, FOLDER, NAMES
from fashion_mmpose.starter.rounding import scales_name
from fashion_mmpose.synthetic.together import map_of
from fashion_mmpose.weights.starter import starter_weights

pytestmark = pytest.mark.slow

FEW = '--num-calibration', '6'


@pytest.fixture
def making(tmp_path, monkeypatch):
    """The tool as a module, in an empty folder; its commands run as those of `run`."""
    monkeypatch.syspath_prepend(str(ROOT / 'tools'))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, 'executable', warm_python())
    return load_tool('make_starter.py')


def network(name):
    torch.manual_seed(0)
    with DefaultScope.overwrite_default_scope('mmpose'):
        return MODELS.build(load_config(f'starter/{name}').model)


def test_the_order_of_the_steps(making, tmp_path, monkeypatch):
    """Drawings are made, here; what networks would do is told in their place."""
    found = dict(
        landmarks={},
        landmarks_joints=network('landmarks_joints').state_dict(),
        landmarks_parsing=network('landmarks_parsing').state_dict(),
        detector=starter_weights(DETECTOR)['state_dict'],
    )
    done, exported = [], []

    def step(title, script, *words):
        words = list(map(str, words))
        tool, part = Path(script).stem, words[0].removeprefix('starter/')
        if tool in ('make_synthetic', 'deepfashion2_to_coco', 'fashionai_to_coco'):
            assert load_tool(Path('..', script)).main(words) == 0
            return
        done.append((tool, part, words))
        if tool == 'calibrate':
            return
        folder = Path(words[words.index('--work-dir') + 1])
        folder.mkdir(parents=True, exist_ok=True)
        if tool == 'train':
            name = 'best_AP_epoch_1.pth'
            torch.save(dict(state_dict=found[part]), folder / name)
            (folder / 'last_checkpoint').write_text(name)
        else:
            metrics = json.dumps(dict(metrics=dict(AP=0.5, of=part)))
            (folder / 'metrics.json').write_text(metrics)

    monkeypatch.setattr(making, 'step', step)
    monkeypatch.setattr(making, 'export', exported.append)
    amounts = '--num-outfits 2 --num-garments 1 --num-test 3 --epochs 1'.split()
    arguments = [*amounts, *FEW, '--out', 'made']
    assert making.main(arguments) == 0
    assert [(tool, part) for tool, part, _ in done] == [
        *(('train', each) for each in found),
        *(('calibrate', name) for name in NAMES if name != DETECTOR),
        *(('test', 'landmarks_joints'), ('test', 'detector')),
    ]
    assert all('train_cfg.max_epochs=1' in words for *_, words in done[:4])
    best = 'work_dirs/starter/features/best_AP_epoch_1.pth'
    assert f'load_from={best}' in done[1][-1]
    # Parsing goes on from what was written, and the detector from the features.
    start = 'work_dirs/starter/parsing/landmarks.pth'
    assert f'load_from={start}' in done[2][-1]
    rounded = torch.load(start, weights_only=True)['state_dict']
    assert f'model.backbone.init_cfg.checkpoint={best}' in done[3][-1]
    assert done[-2][-1][1] == 'work_dirs/starter/landmarks/best_AP_epoch_1.pth'
    assert [str(args.out) for args in exported] == ['made']

    for part, (outfits, garments) in dict(train=(2, 1), validation=(3, 1)).items():
        content = json.loads(Path('data/starter', f'{part}.json').read_text())
        assert len(content['images']) == outfits + 5 * garments
        for image in content['images']:
            path = Path('data/starter', image['file_name'])
            assert path.is_file()
            assert Path(map_of(path)).is_file() == (part == 'train')
    landmarks = load_file('made/landmarks.safetensors')
    name = 'backbone.features.conv_stem.weight'
    assert landmarks[name].dtype == torch.int8
    given = found['landmarks_joints'][name]
    torch.testing.assert_close(rounded[name], given, rtol=0, atol=given.max() / 127)
    parsing = load_file('made/parsing.safetensors')
    assert parsing['backbone.parsing.stem.conv.weight'].dtype == torch.int8
    given = found['landmarks_parsing']['head.laterals.0.weight']
    assert torch.equal(parsing['head.laterals.0.weight'], given.half())
    assert {'backbone.of_parsing.3.3.weight', 'head.laterals.3.weight'} < {*parsing}
    assert 'head.laterals.3.bias' not in parsing
    name = 'backbone.features.conv_stem.weight'
    assert landmarks['deepfashion2.head.final_layer.weight'].shape[0] == 81
    detector = load_file('made/detector.safetensors')
    assert torch.equal(detector[name], found['detector'][name].half())
    report = json.loads(Path('made/starter.json').read_text())
    assert report['trained_on'] == dict(outfits=2, garments_of_each_category=1)
    assert report['drawn'] == dict(
        landmarks=dict(AP=0.5, of='landmarks_joints'),
        detector=dict(AP=0.5, of='detector'),
    )

    # What is there is not drawn again.
    monkeypatch.setattr(making, 'step', lambda title, *_: done.append(title))
    done.clear()
    making.draw(making.parse_args(arguments))
    assert done == []


def test_calibrations_alone(making, tmp_path, monkeypatch):
    (tmp_path / 'made').mkdir()
    for path in FOLDER.glob('*.safetensors'):
        shutil.copy(path, tmp_path / 'made')
    exported = []
    monkeypatch.setattr(making, 'export', exported.append)
    monkeypatch.setattr(making, 'CALIBRATED', ('fashionai',))
    assert making.main(['--out', 'made', '--only-calibration', *FEW]) == 0
    fitted = read_calibration(tmp_path / 'made' / 'fashionai.calibration.json')
    assert fitted.curve is not None
    assert [str(args.out) for args in exported] == ['made']
    # Nothing else is made anew.
    kept = {path.name: path.read_bytes() for path in FOLDER.glob('*.safetensors')}
    assert all((tmp_path / 'made' / name).read_bytes() == kept[name] for name in kept)


@pytest.mark.docs
def test_from_nothing(making, tmp_path, monkeypatch):
    amounts = ('--num-outfits', 13, '--num-garments', 2, '--num-test', 5)
    arguments = (*amounts, *FEW, '--epochs', 1, '--out', 'made')
    run(ROOT / 'tools/make_starter.py', *arguments, cwd=tmp_path)
    landmarks = load_file(tmp_path / 'made' / 'landmarks.safetensors')
    assert landmarks['deepfashion2.head.final_layer.weight'].shape[0] == 81
    assert landmarks['fashionai.head.final_layer.weight'].shape[0] == 24
    detector = load_file(tmp_path / 'made' / 'detector.safetensors')
    # It starts from the landmarks' backbone, and keeps its first layers.
    name = 'backbone.features.conv_stem.weight'
    shared = starter_weights('landmarks', 'made')['state_dict'][name]
    # Some channels are next to nothing, which a half has not the bits for.
    step = landmarks[scales_name(name)].view(-1, 1, 1, 1).clamp(min=1e-7)
    assert landmarks[name].dtype == torch.int8
    assert ((detector[name].float() - shared).abs() <= step).all()
    for name in NAMES:
        graph = onnx.load(tmp_path / 'made' / f'{name}.onnx', load_external_data=False)
        told = {entry.key: entry.value for entry in graph.metadata_props}
        metadata = read_metadata(told, name)
        assert metadata.weights == 'float16'
        if name != DETECTOR:
            fitted = read_calibration(beside(tmp_path / 'made' / f'{name}.onnx'))
            assert metadata.calibration == fitted.to_dict()
            assert fitted.curve is not None
    report = json.loads((tmp_path / 'made' / 'starter.json').read_text())
    assert report['trained_on'] == dict(outfits=13, garments_of_each_category=2)
    assert 'starter/AP' in report['drawn']['landmarks']
    assert 'coco/bbox_mAP' in report['drawn']['detector']

    # Calibrations alone, to the same pictures: they are as before, and nothing else is
    # made anew but the graphs, which were seen above.
    path = tmp_path / 'made' / 'fashionai.calibration.json'
    before, weights = path.read_bytes(), landmarks['fashionai.head.final_layer.weight']
    path.unlink()
    exported = []
    monkeypatch.setattr(making, 'export', exported.append)
    monkeypatch.setattr(making, 'CALIBRATED', ('fashionai',))
    assert making.main(['--out', 'made', '--only-calibration', *FEW]) == 0
    assert path.read_bytes() == before
    assert [str(args.out) for args in exported] == ['made']
    same = load_file(tmp_path / 'made' / 'landmarks.safetensors')
    assert (same['fashionai.head.final_layer.weight'] == weights).all()
