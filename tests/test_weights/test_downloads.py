"""Weights that a config names by an address."""

import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest
import torch
from mmengine.config import Config
from toy_training import Line, toy_runner

from fashion_mmpose.config.loading import read_config
from fashion_mmpose.engine.runner import TrainingRunner
from fashion_mmpose.weights import read_checkpoint
from fashion_mmpose.weights.downloads import (
    Download,
    downloads_of,
    fetch,
    resolve,
    unreachable,
)

FETCHED = ['line.pth', 'line.pth.source']
NOBODY = 'http://127.0.0.1:9'  # discard: nothing listens there


@pytest.fixture(autouse=True)
def hub(tmp_path, monkeypatch):
    """An empty cache of PyTorch; the folder of its files."""
    monkeypatch.setattr(torch.hub, '_hub_dir', str(tmp_path / 'hub'))
    return tmp_path / 'hub' / 'checkpoints'


@pytest.fixture
def server(tmp_path):
    """An address that serves the weights of a line, as line.pth."""
    folder = tmp_path / 'served'
    folder.mkdir()
    torch.save(dict(state_dict=Line().state_dict()), folder / 'line.pth')

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *args):
            pass

    served = ThreadingHTTPServer(
        ('127.0.0.1', 0), partial(Quiet, directory=str(folder))
    )
    threading.Thread(target=served.serve_forever, daemon=True).start()
    yield f'http://127.0.0.1:{served.server_port}'
    served.shutdown()
    served.server_close()


def training(folder, address, **kwargs):
    init_cfg = dict(type='Pretrained', checkpoint=f'{address}/backbone.pth')
    cfg = Config(dict(model=dict(backbone=dict(init_cfg=init_cfg))))
    return toy_runner(folder, [0.5], 1, runner_type=TrainingRunner, cfg=cfg, **kwargs)


def test_one_line_says_all(tmp_path, hub):
    run = training(tmp_path / 'run', NOBODY, load_from=f'{NOBODY}/line.pth?v=2')
    with pytest.raises(ConnectionError) as error:
        run.train()
    text = str(error.value)
    assert '\n' not in text
    for part in (
        f'backbone.pth (model.backbone.init_cfg.checkpoint) from {NOBODY}/backbone.pth',
        'Connection refused',
        f'put the file at {hub / "backbone.pth"}, or go without: --cfg-options '
        'model.backbone.init_cfg=None',
        f'line.pth (load_from) from {NOBODY}/line.pth?v=2',
        f'{hub / "line.pth"}, or go without: --cfg-options load_from=None',
    ):
        assert part in text


def test_files_that_are_there_need_no_network(tmp_path, hub):
    hub.mkdir(parents=True)
    torch.save(dict(state_dict=Line().state_dict()), hub / 'line.pth')
    torch.save({}, hub / 'backbone.pth')
    run = training(tmp_path / 'run', NOBODY, load_from=f'{NOBODY}/line.pth')
    run.train()
    assert (tmp_path / 'run' / 'epoch_1.pth').is_file()


def test_what_is_reached_is_fetched_once(server, hub):
    wanted = Download('load_from', f'{server}/line.pth', 'none')
    fetch([wanted])
    assert torch.load(hub / 'line.pth', weights_only=True)['state_dict']
    before = (hub / 'line.pth').stat().st_mtime_ns
    fetch([wanted])
    assert (hub / 'line.pth').stat().st_mtime_ns == before
    missing = Download('load_from', f'{server}/other.pth', 'none')
    with pytest.raises(ConnectionError, match=r'other\.pth .*\(File not found\)'):
        fetch([missing])
    assert sorted(path.name for path in hub.iterdir()) == FETCHED


def test_a_checkpoint_by_its_address(server, hub):
    url = f'{server}/line.pth'
    assert read_checkpoint(url).tensors.keys() == Line().state_dict().keys()
    assert sorted(path.name for path in hub.iterdir()) == FETCHED
    with pytest.raises(ConnectionError, match='or name a file in the place of the add'):
        read_checkpoint(f'{NOBODY}/other.pth')


def test_a_file_of_another_place_is_not_taken(server, hub, tmp_path):
    """Files are kept by their names alone."""
    assert read_checkpoint(f'{server}/line.pth?token=1').tensors
    assert read_checkpoint(f'{server}/line.pth?token=2').tensors
    folder = tmp_path / 'served' / 'other'
    folder.mkdir()
    torch.save(dict(state_dict={'weight': torch.ones(7)}), folder / 'line.pth')
    message = f'the file there came from {server}/line.pth; move it away'
    with pytest.raises(ConnectionError, match=message):
        read_checkpoint(f'{server}/other/line.pth')
    (hub / 'line.pth').unlink()
    other = read_checkpoint(f'{server}/other/line.pth')
    assert list(other.tensors) == ['weight']
    # What a user puts there is what was asked for.
    content = (hub / 'line.pth').read_bytes()
    (hub / 'line.pth').unlink()
    (hub / 'line.pth').write_bytes(content)
    assert read_checkpoint(f'{server}/line.pth').tensors.keys() == {'weight'}


def test_only_silence_is_unreachable(server):
    assert unreachable(f'{server}/line.pth') == ''
    assert unreachable(f'{server}/no-such-file') == ''
    assert 'refused' in unreachable(NOBODY)


@pytest.mark.parametrize(
    'name, files',
    [
        ('cpn_r152_fashionai_blouse', ['resnet152-']),
        ('hrnet_w48_deepfashion2_384x288', ['hrnet_w48-']),
        ('detection/rtmdet_s_deepfashion2', ['rtmdet_s_']),
        ('cpn_convnext_tiny_fashionai_blouse', []),
        ('small/cpn_r18_all', []),
    ],
)
def test_addresses_in_configs(name, files):
    config = read_config(name)
    found = downloads_of(config.model, config.get('load_from'))
    assert len(found) == len(files)
    for each, begin in zip(found, files):
        assert each.path.name.startswith(begin)
        assert each.url.startswith('https://')
        # The override leads to what names the file.
        key, _, value = each.way_out.rpartition(' ')[2].partition('=')
        assert value == 'None'
        config.merge_from_dict({key: None})
    assert downloads_of(config.model, config.get('load_from')) == []


def test_names_of_published_weights():
    url = resolve('torchvision://resnet50')
    assert url.startswith('https://download.pytorch.org/models/resnet50-')
    assert resolve('s3://bucket/line.pth') is None
    with pytest.raises(ValueError, match='torchvision://resnet51: there are no'):
        resolve('torchvision://resnet51')
