"""Runs the tools as a user does, on a tiny network."""

import atexit
import functools
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
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
    backbone=dict(stem_channels=8, base_channels=8),
    head=dict(
        in_channels=(8, 16, 32, 64), channels=8, decoder=dict(_delete_=True, **codec)
    ),
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


def run(*command, cwd, check=True):
    """Run Python with these arguments as a user would; its result."""
    result = subprocess.run(
        [sys.executable, *map(str, command)], cwd=cwd, capture_output=True, text=True
    )
    return _checked(result) if check else result


def tool(name, *arguments, cwd, check=True):
    """Run a script of tools/ from another folder, in a process of its own.

    The process has the plugin imported before it starts, see warm_python.py. What a
    script imports, and when, is for `run` to prove.
    """
    command = [str(ROOT / 'tools' / name), *map(str, arguments)]
    with tempfile.TemporaryDirectory() as folder:
        out, err = Path(folder, 'out'), Path(folder, 'err')
        out.touch()
        err.touch()
        request = dict(argv=command, cwd=str(cwd), env=dict(os.environ))
        request |= dict(out=str(out), err=str(err))
        python = _warm_python()
        python.stdin.write(json.dumps(request) + '\n')
        python.stdin.flush()
        code = int(python.stdout.readline())
        written = out.read_text(), err.read_text()
    result = subprocess.CompletedProcess(command, code, *written)
    return _checked(result) if check else result


def _checked(result):
    if result.returncode:
        raise AssertionError(f'{result.args} failed:\n{result.stdout}\n{result.stderr}')
    return result


@functools.cache
def _warm_python():
    python = subprocess.Popen(
        [sys.executable, Path(__file__).with_name('warm_python.py')],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    atexit.register(python.communicate)
    return python


def load_tool(name):
    """A script of tools/ as a module, to call its functions in this process."""
    path = ROOT / 'tools' / name
    spec = importlib.util.spec_from_file_location(f'tools_{path.stem}', path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
