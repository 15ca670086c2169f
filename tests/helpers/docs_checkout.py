"""A checkout in which the commands of the documentation take moments.

The commands stay as they are written; what they name is small: the recipes' networks
have a few channels, train for one epoch, and start without downloads.
"""

import shutil
import sys
from pathlib import Path

import cv2
import numpy as np
import torch
from mmengine.registry import DefaultScope
from mmpose.registry import MODELS
from tiny_detector import save_detector
from toolbox import ROOT, run, tool

from fashion_mmpose import garments
from fashion_mmpose.config.loading import read_config

COPIED = 'fashion_mmpose configs data_converters tools benchmarks'.split()

ONE_EPOCH = """
train_cfg = dict(max_epochs=1, val_interval=1)
train_dataloader = dict(num_workers=0)
val_dataloader = dict(num_workers=0)
test_dataloader = dict(num_workers=0)
"""
SLIM_RESNET = "type='ResNet', depth=18, stem_channels=8, base_channels=8"

# What is laid over these recipes, and so over every config that is built on them.
SHRUNK = {
    'fashionai/cpn_r152.py': f"""
model = dict(
    backbone=dict(
        _delete_=True, {SLIM_RESNET}, out_indices=(0, 1, 2, 3)
    ),
    head=dict(in_channels=(8, 16, 32, 64), channels=8),
)
{ONE_EPOCH}""",
    'fashionai/cpn_senet154.py': """
model = dict(
    backbone=dict(
        model_name='resnet18',
        pretrained=False,
        channels=(8, 16, 32, 64),
        stem_width=8,
    )
)
""",
    'small/cpn_r18.py': ONE_EPOCH,
    'small/res18_deepfashion2.py': ONE_EPOCH,
    'deepfashion2/hrnet_w48.py': f"""
model = dict(
    backbone=dict(_delete_=True, {SLIM_RESNET}),
    head=dict(in_channels=64, deconv_out_channels=(8, 8, 8)),
)
{ONE_EPOCH}""",
    'detection/rtmdet_s_deepfashion2.py': """
load_from = None
model = _base_.slim_model
train_dataloader = dict(_base_.slim_train_loader, num_workers=0)
val_dataloader = dict(_base_.slim_test_loader, num_workers=0)
test_dataloader = dict(_base_.slim_test_loader, num_workers=0)
train_cfg = dict(max_epochs=1, val_interval=1)
param_scheduler = _base_.slim_param_scheduler
custom_hooks = _base_.garment_hooks
""",
}
BESIDE = {'detection/rtmdet_s_deepfashion2.py': '../_base_/models/rtmdet_slim_160.py'}

# Checkpoints that the pages say a reader has, with random weights here.
POSE_WEIGHTS = {
    'hrnet.pth': 'hrnet_w48_deepfashion2_384x288',
    **{
        f'{category}.pth': f'cpn_r152_fashionai_{category}'
        for category in garments.categories('fashionai')
    },
}
DETECTOR_WEIGHTS = {'rtmdet.pth': 'detection/rtmdet_s_deepfashion2'}


def write_checkout(folder: Path) -> Path:
    """A copy of the repository with small recipes, drawn data and random weights."""
    for name in COPIED:
        ignored = shutil.ignore_patterns('__pycache__')
        shutil.copytree(ROOT / name, folder / name, ignore=ignored)
    for name in ('setup.py', 'pyproject.toml', 'model-index.yml'):
        shutil.copy(ROOT / name, folder / name)
    (folder / '.venv').symlink_to(sys.prefix, target_is_directory=True)
    for name, text in SHRUNK.items():
        shrink(folder / 'configs' / name, text, BESIDE.get(name))
    draw_data(folder)
    for name, config in POSE_WEIGHTS.items():
        save_network(folder / 'configs' / f'{config}.py', folder / name)
    for name, config in DETECTOR_WEIGHTS.items():
        classes = garments.categories('deepfashion2')
        save_detector(folder / 'configs' / f'{config}.py', folder / name, classes)
    write_pictures(folder)
    return folder


def shrink(path: Path, text: str, beside: str | None) -> None:
    """Lay a text over a config, which goes on under another name."""
    full = path.with_stem(f'{path.stem}_full')
    path.rename(full)
    bases = [f'./{full.name}', *([beside] if beside else [])]
    path.write_text(f'_base_ = {bases}\n{text}')


def draw_data(folder: Path) -> None:
    """Both benchmarks in their raw layouts, and converted."""
    fashionai = folder / 'data/fashionai'
    for seed, (part, num) in enumerate({'r1_train': 8, 'r1_test_b': 2}.items()):
        options = '--format', 'fashionai', '--num', num, '--seed', seed
        tool('make_synthetic.py', *options, '--out', fashionai / part, cwd=folder)
    convert = ROOT / 'data_converters'
    arguments = fashionai, '--out', fashionai / 'annotations', '--val-fraction', 0.2
    run(convert / 'fashionai_to_coco.py', *arguments, cwd=folder)
    deepfashion2 = folder / 'data/deepfashion2'
    for seed, (part, num) in enumerate({'train': 8, 'validation': 6}.items()):
        options = '--format', 'deepfashion2', '--balanced', '--num', num, '--seed', seed
        tool('make_synthetic.py', *options, '--out', deepfashion2 / part, cwd=folder)
        raw = deepfashion2 / part
        arguments = '--annos', raw / 'annos', '--images', raw / 'image'
        out = deepfashion2 / f'{part}.json'
        run(convert / 'deepfashion2_to_coco.py', *arguments, '--out', out, cwd=folder)


def save_network(config: Path, path: Path) -> None:
    """Random weights for the config of a pose network."""
    torch.manual_seed(0)
    with DefaultScope.overwrite_default_scope('mmpose'):
        model = MODELS.build(read_config(config).model)
    torch.save(dict(state_dict=model.state_dict()), path)


def write_pictures(folder: Path) -> None:
    """The pictures and the clip that the pages look at."""
    test = folder / 'data/fashionai/r1_test_b/Images'
    for name in ('shop', 'blouses'):
        shutil.copytree(test / 'blouse', folder / name)
    shutil.copy(next((test / 'skirt').iterdir()), folder / 'skirt.jpg')
    codec = cv2.VideoWriter_fourcc(*'mp4v')
    clip = cv2.VideoWriter(str(folder / 'clip.mp4'), codec, 5, (64, 48))
    for grey in (40, 90, 140):
        clip.write(np.full((48, 64, 3), grey, np.uint8))
    clip.release()
