"""How a process keeps memory, lets threads wait and imports, before PyTorch works."""

import gc
import json
import os
import platform
import subprocess
import sys

import pytest
from torch import nn

from fashion_mmpose.apis import device
from fashion_mmpose.engine import train_loop
from fashion_mmpose.stack import process

# Pages that the system has to clear while 16 megabytes are filled ten times over.
FILLED = """
import ctypes, json, os, resource, sys
from fashion_mmpose.stack import process
if sys.argv[1:] == ['torch']:
    sys.modules['torch'] = None
done = process.wait_asleep(), process.keep_memory()
own = ctypes.CDLL(None)
own.malloc.restype = ctypes.c_void_p
faults = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(10):
    place = ctypes.c_void_p(own.malloc(64 << 20))
    ctypes.memset(place, 1, 16 << 20)
    own.free(place)
faults = resource.getrusage(resource.RUSAGE_SELF).ru_minflt - faults
print(json.dumps([*done, os.environ.get('OMP_WAIT_POLICY'), faults]))
"""
FILLINGS = (16 << 20) / os.sysconf('SC_PAGESIZE')
pytestmark = pytest.mark.skipif(
    platform.libc_ver()[0] != 'glibc', reason='of glibc, as on Linux'
)


def prepared(*arguments: str, **variables: str) -> list:
    """What was done, the policy and the page faults of a fresh process."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(('OMP_', 'GOMP_', 'KMP_', 'MALLOC_', 'GLIBC_'))
    }
    command = [sys.executable, '-c', FILLED, *arguments]
    output = subprocess.run(
        command, env=kept | variables, capture_output=True, text=True, check=True
    )
    return json.loads(output.stdout)


def test_memory_is_kept_and_threads_sleep():
    waits, keeps, policy, faults = prepared()
    assert waits and keeps
    assert policy == 'PASSIVE'
    assert 0.9 * FILLINGS <= faults < 2 * FILLINGS  # once, and not ten times


@pytest.mark.parametrize(
    ('variable', 'value'),
    [
        ('MALLOC_MMAP_MAX_', '65536'),
        ('MALLOC_TRIM_THRESHOLD_', '65536'),
        ('GLIBC_TUNABLES', ''),
    ],
)
def test_memory_that_the_environment_speaks_of_is_left_alone(variable, value):
    waits, keeps, _, faults = prepared(**{variable: value})
    assert waits and not keeps
    assert faults >= 9 * FILLINGS


@pytest.mark.parametrize(
    ('variable', 'value'),
    [('OMP_WAIT_POLICY', 'ACTIVE'), ('GOMP_SPINCOUNT', '9'), ('KMP_BLOCKTIME', '9')],
)
def test_threads_that_the_environment_speaks_of_are_left_alone(variable, value):
    waits, keeps, policy, _ = prepared(**{variable: value})
    assert keeps and not waits
    assert policy == ('ACTIVE' if value == 'ACTIVE' else None)


def test_threads_of_a_pytorch_that_is_there_are_as_they_were():
    """OpenMP has read the environment by then, and only other programs would."""
    assert prepared('torch')[:3] == [False, True, None]


@pytest.mark.parametrize(('place', 'keeps'), [('cpu', True), ('cuda', False)])
def test_runs_keep_memory_where_the_cpu_computes(monkeypatch, place, keeps):
    calls = []
    monkeypatch.setattr(train_loop, 'get_device', lambda: place)
    monkeypatch.setattr(train_loop, 'keep_memory', lambda: calls.append(place))
    runner = train_loop.PatientRunner.__new__(train_loop.PatientRunner)
    runner._has_loaded = True
    runner.load_or_resume()
    assert bool(calls) == keeps


@pytest.mark.parametrize(('place', 'keeps'), [('cpu', True), ('meta', False)])
def test_predictions_keep_memory_where_the_cpu_computes(monkeypatch, place, keeps):
    calls = []
    monkeypatch.setattr(device, 'keep_memory', lambda: calls.append(place))
    network = nn.Linear(2, 2)
    device.run_on(network, place)
    assert next(network.parameters()).device.type == place
    assert not network.training
    assert bool(calls) == keeps


@pytest.mark.parametrize('is_new', [True, False], ids=['new', 'with-torch'])
@pytest.mark.parametrize('collects', [True, False], ids=['collects', 'disabled'])
def test_imports_are_not_collected(monkeypatch, is_new, collects):
    """And are frozen where nothing large can have been there before."""
    monkeypatch.setattr(gc, 'isenabled', lambda: collects)
    enabled = []
    monkeypatch.setattr(gc, 'enable', lambda: enabled.append(True))
    monkeypatch.setattr(gc, 'disable', lambda: enabled.append(False))
    if is_new:
        monkeypatch.delitem(sys.modules, 'torch')
    frozen = gc.get_freeze_count()
    with pytest.raises(ImportError, match='no such'), process.importing():
        imported = [[] for _ in range(1000)]
        raise ImportError('no such')
    assert enabled == [False, True][: 1 + collects]
    assert (gc.get_freeze_count() - frozen >= len(imported)) == is_new
