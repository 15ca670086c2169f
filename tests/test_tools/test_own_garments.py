"""A benchmark that a user describes, from its file to predictions, with the tools."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from drawn_hats import DESCRIPTION, HATS, write_hats
from mmengine.registry import DefaultScope
from mmpose.registry import MODELS
from toolbox import ROOT, tool

from fashion_mmpose import GarmentInferencer, garments
from fashion_mmpose.config.loading import load_config

pytestmark = pytest.mark.slow

CONFIG = """
_base_ = '{root}/configs/res18_deepfashion2_mini.py'

codec = dict(_base_.codec, input_size=(64, 64), heatmap_size=(16, 16), sigma=1.5)
model = dict(
    backbone=dict(stem_channels=8, base_channels=8),
    head=dict(
        in_channels=64, out_channels=6, deconv_out_channels=(8, 8, 8), decoder=codec
    ),
)
changed = dict(
    TopdownAffine=dict(input_size=(64, 64)), GenerateTarget=dict(encoder=codec)
)
train_steps, test_steps = [
    [dict(step, **changed.get(step['type'], {{}})) for step in steps]
    for steps in (_base_.pipeline, _base_.val_pipeline)
]
hats = dict(
    type='GarmentDataset',
    benchmark='{{{{ fileDirname }}}}/hats.json',
    ann_file='data/hats.json',
    data_root='',
    data_prefix=dict(img='data/images/'),
    one_per_image=True,
)
train_dataloader = dict(
    batch_size=4, num_workers=0, dataset=dict(hats, pipeline=train_steps)
)
held_out = dict(num_workers=0, dataset=dict(hats, pipeline=test_steps))
val_dataloader = held_out
test_dataloader = held_out
train_cfg = dict(max_epochs=4, val_interval=2)
val_evaluator = [dict(type='GarmentOKS'), dict(type='NormalizedError')]
test_evaluator = [*val_evaluator, dict(type='PCKAccuracy', prefix='pck')]
default_hooks = dict(checkpoint=dict(save_best='hats/AP', interval=1))
load_from = '{weights}'
"""
DETECTOR = """
_base_ = '{root}/configs/own/rtmdet_bags.py'

hats = dict(
    benchmark='{{{{ fileDirname }}}}/hats.json',
    ann_file='data/hats.json',
    data_root='',
    data_prefix=dict(img='data/images/'),
)
loader = dict(num_workers=0, dataset=hats)
train_dataloader = loader
val_dataloader = loader
test_dataloader = loader
val_evaluator = dict(ann_file='data/hats.json')
test_evaluator = val_evaluator
train_cfg = dict(max_epochs=1, val_interval=1)
"""


def save_other_weights(path: Path) -> None:
    """Of a network of the same backbone for the 294 landmarks of DeepFashion2."""
    cfg = load_config('res18_deepfashion2_mini')
    cfg.model.backbone.update(stem_channels=8, base_channels=8)
    cfg.model.head.update(in_channels=64, deconv_out_channels=(8, 8, 8))
    torch.manual_seed(0)
    with DefaultScope.overwrite_default_scope('mmpose'):
        model = MODELS.build(cfg.model)
    meta = dict(dataset_meta=dict(dataset_name='deepfashion2'))
    torch.save(dict(state_dict=model.state_dict(), meta=meta), path)


@pytest.fixture(scope='module')
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the trained network; the description has gone meanwhile."""
    folder = tmp_path_factory.mktemp('own')
    write_hats(folder / 'data', num=16)
    save_other_weights(folder / 'other.pth')
    (folder / 'hats.json').write_text(json.dumps(DESCRIPTION))
    text = CONFIG.format(root=ROOT, weights=folder / 'other.pth')
    (folder / 'hats.py').write_text(text)
    (folder / 'detector.py').write_text(DETECTOR.format(root=ROOT))
    tool('train.py', 'hats.py', cwd=folder)
    tool('train.py', 'detector.py', cwd=folder)
    (folder / 'hats.json').unlink()
    return folder


def checkpoint(folder: Path, config: str = 'hats') -> str:
    (path,) = (folder / 'work_dirs' / config).glob('best_*.pth')
    return str(path)


def log_of(folder: Path, config: str = 'hats') -> str:
    logs = (folder / 'work_dirs' / config).glob('*/*.log')
    return '\n'.join(path.read_text() for path in sorted(logs))


def test_finetuning_keeps_the_backbone_and_says_so(trained: Path):
    log = log_of(trained)
    assert 'other.pth was trained for deepfashion2, this run is for hats' in log
    num = len([k for k in load(checkpoint(trained))['state_dict'] if 'backbone' in k])
    assert f'tensors taken over: backbone {num} of {num}, head' in log
    assert '2 of another shape: head.final_layer.weight (294, 8, 1, 1), not (6,' in log


def load(path: str) -> dict:
    return torch.load(path, weights_only=True)


def test_checkpoints_carry_the_description(trained: Path):
    for config in ('hats', 'detector'):
        meta = load(checkpoint(trained, config))['meta']['dataset_meta']
        assert garments.benchmark_of(meta) == HATS


def test_testing_without_the_file(trained: Path):
    """With the config that the training has saved."""
    config = trained / 'work_dirs' / 'hats' / 'hats.py'
    outputs = ('--out', 'out.json', '--show-dir', 'shown', '--work-dir', 'tested')
    tool('test.py', config, checkpoint(trained), *outputs, cwd=trained)
    entries = json.loads((trained / 'out.json').read_text())
    assert len(entries) == 16
    numbers = {1: 12, 2: 9}
    for entry in entries:
        assert len(entry['keypoints']) == numbers[entry['category_id']]
    assert len(list((trained / 'shown').glob('*.png'))) == 16
    drawn = cv2.imread(str(trained / 'shown' / '001.png')).astype(int)
    clean = cv2.imread(str(trained / 'data' / 'images' / '001.png'))
    assert (np.abs(drawn - clean).max(axis=2) > 60).sum() > 50
    log = '\n'.join(path.read_text() for path in (trained / 'tested').glob('*/*.log'))
    for number in ('hats/AP: ', 'hats/AP_cap: ', 'hats/NE_beanie: ', 'pck/PCK: '):
        assert number in log


def test_a_report(trained: Path):
    pytest.importorskip('plotly', reason='`make setup` brings plotly')
    outputs = ('--report', 'report.html', '--work-dir', 'reported')
    config = trained / 'work_dirs' / 'hats' / 'hats.py'
    tool('test.py', config, checkpoint(trained), *outputs, cwd=trained)
    content = json.loads((trained / 'reported' / 'metrics.json').read_text())
    page = (trained / 'report.html').read_text()
    assert f'>{content["metrics"]["hats/AP"]:.4f} [' in page


def test_csv_is_refused(trained: Path):
    config = trained / 'work_dirs' / 'hats' / 'hats.py'
    weights = checkpoint(trained)
    done = tool(
        'test.py', config, weights, '--out', 'out.csv', cwd=trained, check=False
    )
    assert done.returncode == 1
    assert 'CSV is the form of FashionAI; that of hats is .json' in done.stderr


def test_the_inferencer_needs_config_and_checkpoint_only(trained: Path):
    """The original config, whose description is not there any more."""
    inferencer = GarmentInferencer(
        str(trained / 'hats.py'),
        checkpoint(trained),
        str(trained / 'detector.py'),
        checkpoint(trained, 'detector'),
        device='cpu',
        det_options=dict(score_thr=0.0),
    )
    assert list(inferencer.networks) == ['cap', 'beanie']
    picture = str(trained / 'data' / 'images' / '002.png')
    predicted = inferencer.predict(picture, category='cap')
    assert predicted.garments
    for found in predicted.garments:
        assert (found.benchmark, found.category) == ('hats', 'cap')
        assert found.names == ('top', 'crown_left', 'crown_right', 'peak')
        assert found.keypoints.shape == (4, 2)
        assert found.to_dict()['keypoint_names'] == list(found.names)
    assert found.draw(predicted.picture.pixels).shape == predicted.picture.pixels.shape


def test_detect_predict_and_compare(trained: Path):
    config = trained / 'work_dirs' / 'hats' / 'hats.py'
    detector = trained / 'work_dirs' / 'detector' / 'detector.py'
    network = checkpoint(trained, 'detector')
    files = ('--ann-file', 'data/hats.json', '--img-root', 'data/images')
    options = ('--out', 'boxes.json', '--score-thr', 0, '--max-per-image', 3)
    tool('detect.py', detector, network, *files, *options, cwd=trained)
    boxes = json.loads((trained / 'boxes.json').read_text())
    assert {box['category_id'] for box in boxes} <= {1, 2}
    done = tool(
        'compare_boxes.py',
        *(config, checkpoint(trained), '--bbox-file', 'boxes.json'),
        cwd=trained,
    )
    table = done.stdout[done.stdout.rindex('| boxes ') :]
    assert '| boxes.json ' in table and ' AP ' in table and ' NE (%) ' in table
    assert 'AP cap' not in table and 'NE cap' not in table
    done = tool(
        'predict.py',
        *('data/images/001.png', '--pose', config, checkpoint(trained)),
        *('--category', 'beanie', '--out-dir', 'predicted'),
        cwd=trained,
    )
    assert '1 garments in 1 pictures: 1 beanie' in done.stdout
    done = tool(
        'predict_grid.py',
        *(config, checkpoint(trained), '--num', 4, '--out', 'grid.png'),
        cwd=trained,
    )
    assert '4 pictures drawn into grid.png' in done.stdout
    assert 'true x' in done.stdout and 'crown_left' in done.stdout
