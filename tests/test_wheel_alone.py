"""A wheel with the extra ``onnx`` in an empty environment: small, quick and running."""

import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import pytest
from built_wheel import copy_sources, pythons

from fashion_mmpose.synthetic import draw_deepfashion2

pytestmark = [pytest.mark.slow, pytest.mark.docs]

MOST_SECONDS = 60
MOST_BYTES = 400e6

# The index is that of the user's pip: this test is of what users get.
ENV = {key: value for key, value in os.environ.items() if key != 'PYTHONPATH'}
QUIET = ('--disable-pip-version-check', '--quiet')


def call(*command: str | Path, cwd: Path) -> str:
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=ENV,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, f'{command}:\n{done.stdout}\n{done.stderr}'
    return done.stdout


def size_of(folder: Path) -> int:
    """Bytes on the disk of all files below a folder."""
    return sum(path.lstat().st_blocks * 512 for path in folder.rglob('*'))


@pytest.fixture(scope='module', params=pythons())
def environment(request, tmp_path_factory) -> Iterator[Path]:
    """An empty environment, whose pip reaches an index."""
    folder = tmp_path_factory.mktemp('empty')
    call(request.param, '-m', 'venv', folder / 'env', cwd=folder)
    download = ('download', *QUIET, '--no-deps', '--dest', folder, 'terminaltables')
    command = [str(folder / 'env' / 'bin' / 'pip'), *map(str, download)]
    if subprocess.run(command, env=ENV, capture_output=True).returncode:
        pytest.skip('pip reaches no package index')
    yield folder / 'env'
    shutil.rmtree(folder)


def test_from_a_wheel_to_landmarks(environment: Path, tmp_path: Path):
    (tmp_path / 'sources').mkdir()
    sources = copy_sources(tmp_path / 'sources')
    drawn = draw_deepfashion2(11, 2, 'short_sleeved_shirt')
    cv2.imwrite(str(tmp_path / 'my.jpg'), drawn.image)
    programs = environment / 'bin'
    # Built where there is no OpenCV, so that the wheel asks for one.
    build = ('wheel', *QUIET, '--no-deps', '--wheel-dir', tmp_path, sources)
    call(programs / 'pip', *build, cwd=tmp_path)
    (wheel,) = tmp_path.glob('*.whl')
    assert wheel.stat().st_size < 30e6
    size = size_of(environment)
    start = time.monotonic()
    call(programs / 'pip', 'install', *QUIET, f'{wheel}[onnx]', cwd=tmp_path)
    predict = ('predict', 'my.jpg', '--out-dir', 'out')
    call(programs / 'fashion-mmpose', *predict, cwd=tmp_path)
    seconds = time.monotonic() - start
    size = size_of(environment) - size
    found = json.loads((tmp_path / 'out' / 'predictions.json').read_text())
    assert 'short_sleeved_shirt' in {garment['category'] for garment in found}
    assert all(len(garment['keypoints']) % 3 == 0 for garment in found)
    # numpy and OpenCV are newer than those of the other tests.
    for benchmark in 'fashionai', 'deepfashion2':
        drawing = 'synthesize', '--format', benchmark, '--num', '3'
        call(programs / 'fashion-mmpose', *drawing, '--out', benchmark, cwd=tmp_path)
    installed = call(programs / 'pip', 'freeze', cwd=tmp_path)
    assert 'onnxruntime' in installed
    assert 'torch' not in installed and 'mmengine' not in installed
    call(programs / 'pip', 'check', *QUIET, cwd=tmp_path)
    print(f'{environment}: {seconds:.0f} s, {size / 1e6:.0f} MB')
    assert seconds < MOST_SECONDS
    assert size < MOST_BYTES
