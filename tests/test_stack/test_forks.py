"""What the maintained forks of MMEngine and MMCV must not change; see test-forks."""

import pickle
from importlib import metadata
from types import SimpleNamespace

import mmengine.model.utils
import pytest
import torch
from mmengine.runner import checkpoint
from mmengine.utils.dl_utils import misc

from fashion_mmpose.stack import compat, forks


class Hostile:
    """Makes a folder when it is read without limits."""

    def __init__(self, folder):
        self.folder = folder

    def __reduce__(self):
        import os

        return os.mkdir, (str(self.folder),)


@pytest.fixture
def hostile(tmp_path):
    """A checkpoint, and the folder that it would make."""
    path = tmp_path / 'hostile.pth'
    torch.save(dict(state_dict=Hostile(tmp_path / 'made')), path)
    return path, tmp_path / 'made'


def test_mmengine_reads_nothing_hostile(hostile):
    """With MMEngine and with its fork, whichever is installed."""
    path, made = hostile
    for read in (
        lambda: checkpoint.CheckpointLoader.load_checkpoint(str(path)),
        lambda: checkpoint._load_checkpoint(str(path), map_location='cpu'),
    ):
        with pytest.raises(pickle.UnpicklingError, match='mkdir'):
            read()
    assert not made.exists()


def test_the_reader_of_the_fork(hostile, monkeypatch):
    path, made = hostile

    def fall_back(file, map_location=None, weights_only=None):
        return torch.load(file, map_location=map_location, weights_only=False)

    monkeypatch.setattr(checkpoint, '_safe_torch_load', fall_back, raising=False)
    forks.keep_loading_safe()
    with pytest.raises(pickle.UnpicklingError):
        checkpoint._safe_torch_load(path)
    assert not made.exists()
    # A caller who asks for it reads what it likes.
    checkpoint._safe_torch_load(path, weights_only=False)
    assert made.is_dir()


def test_operators_are_no_compiled_mmcv(monkeypatch):
    if not compat.serve_operators():
        pytest.skip('a compiled mmcv is installed')
    assert not misc.mmcv_full_available()
    assert not mmengine.model.utils.mmcv_full_available()

    def mmcv_full_available():
        return True

    places = (misc, mmengine.model.utils)
    for place in places:
        monkeypatch.setattr(place, 'mmcv_full_available', mmcv_full_available)
    forks.tell_of_operators()
    assert not any(place.mmcv_full_available() for place in places)


@pytest.mark.parametrize(
    'installed, before',
    [
        pytest.param({'mmdet': '3.3.0'}, '2.2.0', id='mmdet'),
        pytest.param({'mmdet': '4.0.0rc1'}, '3.0.0', id='later'),
        pytest.param({'onedl-mmdetection': '3.5.1'}, '3.0.0', id='fork'),
        pytest.param({}, '3.0.0', id='none'),
    ],
)
def test_the_range_of_mmcv(monkeypatch, installed, before):
    def version(name):
        if name not in installed:
            raise metadata.PackageNotFoundError(name)
        return installed[name]

    stub = SimpleNamespace(
        version=version, PackageNotFoundError=metadata.PackageNotFoundError
    )
    monkeypatch.setattr(compat, 'metadata', stub)
    assert compat.mmcv_range() == ('2.0.0', before)
