"""Runs the tools as a user does, on a tiny network."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

CONFIG = """
_base_ = '{root}/configs/demo/cpn_r18_fashionai_blouse.py'

data_root = '{data}/'
codec = dict(
    type='PointHeatmap',
    input_size=(64, 64),
    heatmap_size=(16, 16),
    sigma=1.5,
    decode_mode='quarter',
)
model = dict(
    backbone=dict(
        stem_channels=8,
        base_channels=8,
        num_stages=2,
        strides=(1, 2),
        dilations=(1, 1),
        out_indices=(0, 1),
    ),
    head=dict(in_channels=(8, 16), channels=8, decoder=dict(_delete_=True, **codec)),
)
val_pipeline = [
    dict(type='LoadImage'),
    dict(type='GetBBoxCenterScale', padding=1.0),
    dict(type='TopdownAffine', input_size=(64, 64)),
    dict(type='PackGarmentInputs'),
]
train_pipeline = [
    dict(type='LoadImage'),
    dict(type='GetBBoxCenterScale', padding=1.0),
    dict(type='RandomMirror', prob=0.5),
    dict(type='RandomRotation', max_degrees=30),
    dict(type='TopdownAffine', input_size=(64, 64)),
    dict(type='GenerateTarget', encoder=codec),
    dict(type='PackGarmentInputs'),
]
train_dataloader = dict(
    batch_size=4,
    num_workers=1,
    dataset=dict(data_root=data_root, pipeline=train_pipeline, bbox_source='image'),
)
held_out = dict(data_root=data_root, pipeline=val_pipeline, bbox_source='image')
val_dataloader = dict(num_workers=0, batch_size=3, dataset=held_out)
test_dataloader = dict(num_workers=0, batch_size=3, dataset=held_out)
train_cfg = dict(max_epochs=4, val_interval=1)
# Falls at the first validation that is not better: a resumed run must know it.
param_scheduler = [
    dict(
        type='ReduceOnPlateauLR',
        monitor='fashionai/NE',
        rule='less',
        factor=0.5,
        patience=0,
        threshold=0.5,
        end=10**9,
    )
]
custom_hooks = [dict(type='EpochSeedHook'), dict(type='StopAtLRHook', ratio=1e-3)]
default_hooks = dict(checkpoint=dict(max_keep_ckpts=4), logger=dict(interval=1))
visualizer = dict(vis_backends=[dict(type='LocalVisBackend')])
"""


def warm_python():
    """What starts commands in a moment, see warm_python.py."""
    return os.environ.get('WARM_PYTHON', sys.executable)


def run(*command, cwd, check=True):
    """Run Python with these arguments as a user would; its result.

    It has the plugin imported before it starts.
    """
    return _run(warm_python(), command, cwd, check)


def run_with_libraries(*command, cwd, check=True):
    """As `run`, but nothing of OpenMMLab and of this package is imported before."""
    python = os.environ.get('WARM_PYTHON_OF_LIBRARIES', sys.executable)
    return _run(python, command, cwd, check)


def run_with_gradio(*command, cwd, check=True):
    """As `run`, but what the page needs is imported before, and not the plugin."""
    python = os.environ.get('WARM_PYTHON_OF_WEB', sys.executable)
    return _run(python, command, cwd, check)


def run_cold(*command, cwd, check=True):
    """As `run`, in a Python of its own: for what is imported, and when."""
    return _run(sys.executable, command, cwd, check)


def tool(name, *arguments, cwd, check=True):
    """Run a script of tools/ from another folder."""
    return run(ROOT / 'tools' / name, *arguments, cwd=cwd, check=check)


def _run(python, command, cwd, check):
    words = [python, *map(str, command)]
    result = subprocess.run(words, cwd=cwd, capture_output=True, text=True)
    if check and result.returncode:
        raise AssertionError(f'{result.args} failed:\n{result.stdout}\n{result.stderr}')
    return result


def load_tool(name):
    """A script of tools/ as a module, to call its functions in this process."""
    path = ROOT / 'tools' / name
    spec = importlib.util.spec_from_file_location(f'tools_{path.stem}', path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
