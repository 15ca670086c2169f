"""The commands of the campaign: how each is begun, begun again and compared."""

import hashlib
import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(HERE.parent / 'helpers'))

from tiny_detector import save_detector, write_config  # noqa: E402
from toolbox import CONFIG  # noqa: E402

from fashion_mmpose.stack import compat  # noqa: E402

CATEGORY = 'blouse'
# The toolbox's own schedule is a plateau.
COSINE = """
param_scheduler = [dict(type='CosineAnnealingLR', T_max=4, eta_min=1e-6)]
"""
TEST_SET = f"""
test_dataloader['dataset'] = dict(
    held_out, ann_file='annotations/val_{CATEGORY}.json')
"""
RECIPE = """
_base_ = '{root}/configs/small/cpn_r18.py'

codec = dict(type='PointHeatmap', input_size=(64, 64),
             heatmap_size=(16, 16), sigma=1.5, decode_mode='quarter')
model = dict(
    backbone=dict(stem_channels=8, base_channels=8),
    head=dict(in_channels=(8, 16, 32, 64), channels=8,
              decoder=dict(_delete_=True, **codec)),
)
val_pipeline = [
    dict(type='LoadImage'),
    dict(type='GetBBoxCenterScale', padding=1.0),
    dict(type='TopdownAffine', input_size=(64, 64)),
    dict(type='PackGarmentInputs'),
]
train_pipeline = [*val_pipeline[:3], dict(type='GenerateTarget', encoder=codec),
                  dict(type='PackGarmentInputs')]
part = dict(data_root='{data}/')
train_dataloader = dict(batch_size=4, num_workers=1,
                        dataset=dict(part, pipeline=train_pipeline))
val_dataloader = dict(num_workers=0, dataset=dict(part, pipeline=val_pipeline))
test_dataloader = dict(num_workers=0, dataset=dict(
    part, pipeline=val_pipeline, ann_file='annotations/val_{{category}}.json'))
train_cfg = dict(max_epochs=2)
visualizer = dict(vis_backends=[dict(type='LocalVisBackend')])
"""


@dataclass(frozen=True)
class Scenario:
    """A command.

    Attributes:
        begin: Its arguments, script first, for the folders of data and results.
        state: What of the results must be equal, in the types of JSON.
        resume: Arguments that a run after a kill gets beside these.
    """

    begin: Callable[[Path, Path], list]
    state: Callable[[Path], dict]
    resume: tuple[str, ...] = ()

    def command(self, data: Path, out: Path, again: bool = False) -> list[str]:
        """The arguments of Python."""
        more = self.resume if again else ()
        return [*map(str, self.begin(data, out)), *more]


def make_data(folder: Path) -> Path:
    """Drawn pictures, their annotations, configs, and networks of random weights."""
    if (folder / 'done').exists():
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    few = ('--num', '12', '--seed', '1', '--workers', '1', '--overwrite')
    _run('tools/make_synthetic.py', *few, '--category', CATEGORY, '--out', folder)
    _run('tools/make_synthetic.py', *few, '--category', 'skirt', '--out', folder / 's')
    convert = ('--val-fraction', '0.34', '--workers', '1')
    for source in (folder, folder / 's'):
        out = source / 'annotations'
        _run('data_converters/fashionai_to_coco.py', source, '--out', out, *convert)
    text = CONFIG.format(root=ROOT, data=folder) + TEST_SET
    (folder / 'plateau.py').write_text(text)
    (folder / 'cosine.py').write_text(text + COSINE)
    (folder / 'recipe.py').write_text(RECIPE.format(root=ROOT, data=folder))
    (folder / 'done').write_text('')
    return folder


def _run(script: str, *arguments) -> None:
    subprocess.run(
        [sys.executable, ROOT / script, *map(str, arguments)],
        check=True,
        capture_output=True,
    )


def digests(out: Path, pattern: str) -> dict:
    """Files below a folder, by their content."""
    return {
        str(path.relative_to(out)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(out.rglob(pattern))
        if path.is_file()
    }


def trained(out: Path) -> dict:
    """Weights, optimiser, schedules, best checkpoint and the curve of a training."""
    state = dict(names=sorted(path.name for path in out.glob('*.pth')))
    for path in sorted(out.glob('*.pth')):
        content = torch.load(path, weights_only=False)
        parts = {
            key: content.get(key)
            for key in ('state_dict', 'optimizer', 'param_schedulers')
        }
        state[path.name] = hashlib.sha256(repr(_plain(parts)).encode()).hexdigest()
    state['last'] = (out / 'last_checkpoint').read_text()
    newest = max(out.glob('*/vis_data/scalars.json'))
    unlike = ('time', 'data_time', 'memory')
    lines = map(json.loads, newest.read_text().splitlines())
    state['scalars'] = [
        {key: value for key, value in line.items() if key not in unlike}
        for line in lines
    ]
    return state


def _plain(value):
    if isinstance(value, torch.Tensor):
        return value.tolist()
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, list) else value


def train_all_state(out: Path) -> dict:
    """The training, its test and the submission."""
    summary = json.loads((out / 'summary.json').read_text())
    (row,) = summary['categories'].values()
    state = dict(training=trained(out / CATEGORY), ne=row['ne'])
    return state | digests(out, 'submission.csv') | digests(out, 'predictions.json')


def _train(schedule: str) -> Scenario:
    def begin(data: Path, out: Path) -> list:
        config = data / f'{schedule}.py'
        return [ROOT / 'tools/train.py', config, '--work-dir', out]

    return Scenario(begin, trained, ('--resume',))


def _train_all(data: Path, out: Path) -> list:
    options = ['--categories', CATEGORY, '--work-dir', out]
    return [ROOT / 'tools/train_all.py', data / 'recipe.py', *options]


def _predict(data: Path, out: Path) -> list:
    options = ['--out-dir', out, '--device', 'cpu', '--batch-size', 2]
    saved = ['--save-json', '--save-csv', '--save-vis']
    pictures = data / 'Images' / CATEGORY
    pose = ['--pose', data / 'cosine.py', _pose_weights(data)]
    return [ROOT / 'tools/predict.py', pictures, *pose, *options, *saved]


def _predict_parts(data: Path, out: Path) -> list:
    options = ['--out-dir', out, '--device', 'cpu', '--batch-size', 2]
    parts = ['--format', 'parquet', '--part-size', 3]
    pose = ['--pose', data / 'cosine.py', _pose_weights(data)]
    pictures = data / 'Images' / CATEGORY
    return [ROOT / 'tools/predict.py', pictures, *pose, *options, *parts]


def _pose_weights(data: Path) -> Path:
    path = data / 'pose' / 'epoch_4.pth'
    if not path.exists():
        _run('tools/train.py', data / 'cosine.py', '--work-dir', path.parent)
    return path


def _detect(data: Path, out: Path) -> list:
    config, weights = data / 'detector.py', data / 'detector.pth'
    if not weights.exists():
        compat.setup()
        ann = data / 'annotations' / 'val_all.json'
        (data / 'annotations' / 'test_all.json').write_text(ann.read_text())
        save_detector(write_config(config, data), weights)
    images = data / 'annotations' / 'train_all.json'
    options = ['--ann-file', images, '--img-root', data, '--out', out / 'boxes.json']
    options += ['--batch-size', 1, '--workers', 1, '--score-thr', 0]
    return [ROOT / 'tools/detect.py', config, weights, *options]


def _convert(data: Path, out: Path) -> list:
    options = ['--out', out, '--val-fraction', '0.34', '--workers', 2]
    return [ROOT / 'data_converters/fashionai_to_coco.py', data / 's', *options]


SCENARIOS = {
    'cosine': _train('cosine'),
    'plateau': _train('plateau'),
    'train_all': Scenario(_train_all, train_all_state),
    'detect': Scenario(_detect, lambda out: digests(out, '*.json')),
    'predict': Scenario(_predict, lambda out: digests(out, '*.*')),
    'predict_parts': Scenario(_predict_parts, lambda out: digests(out, '*.*')),
    'convert': Scenario(_convert, lambda out: digests(out, '*.json')),
}
