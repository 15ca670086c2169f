"""The picture of the stages: right content, right place, nothing disturbed."""

import random
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.model import MMDistributedDataParallel
from mmengine.runner import Runner
from toolbox import CONFIG, ROOT

from fashion_mmpose import garments
from fashion_mmpose.engine import StagePictureHook
from fashion_mmpose.engine.hooks.stage_pictures import stage_picture

pytestmark = pytest.mark.slow

CPM = """
points = dict(
    type='PointHeatmap', input_size=(64, 64), heatmap_size=(8, 8), sigma=1.0
)
model = dict(
    backbone=dict(_delete_=True, type='CPMVGG', base_channels=2, out_channels=8),
    head=dict(
        _delete_=True,
        type='CPMRefineHead',
        in_channels=8,
        out_channels=13,
        num_stages=3,
        stem_channels=8,
        channels=8,
        decoder=points,
    ),
)
train_pipeline = [
    dict(type='LoadImage'),
    dict(type='GetBBoxCenterScale', padding=1.0),
    dict(type='RandomMirror', prob=0.5),
    dict(type='TopdownStretch', input_size=(64, 64)),
    dict(type='GenerateTarget', encoder=points),
    dict(type='PackGarmentInputs'),
]
train_dataloader['dataset']['pipeline'] = train_pipeline
"""


@pytest.fixture
def config(drawn, tmp_path):
    def make(extra='', **hook):
        text = CONFIG.format(root=ROOT, data=drawn / 'data')
        (tmp_path / 'config.py').write_text(text + extra)
        config = Config.fromfile(tmp_path / 'config.py').to_dict()
        # Every run and checkpoint of MMEngine's runner would format it.
        config = Config(config, format_python_code=False)
        config.work_dir = str(tmp_path / f'run{len(list(tmp_path.iterdir()))}')
        config.train_cfg.max_epochs = 2
        config.train_dataloader.num_workers = 0
        config.log_level = 'ERROR'
        if hook:
            config.custom_hooks.append(dict(type='StagePictureHook', **hook))
        config.experiment_name = config.work_dir
        config.visualizer.name = config.work_dir
        return config

    return make


def train(config):
    runner = Runner.from_cfg(config)
    runner.train()
    return runner


def pictures(runner):
    folder = runner.visualizer.get_backend('LocalVisBackend')._img_save_dir
    return {path.name: cv2.imread(str(path)) for path in Path(folder).glob('*.png')}


def panels(runner, monkeypatch, **hook):
    """What a hook draws: input (h, w, 3), maps by name, target's maps, options."""
    drawn = []
    monkeypatch.setattr(
        'fashion_mmpose.engine.hooks.stage_pictures.stage_picture',
        lambda *parts, **options: (
            drawn.append((*parts, options)) or stage_picture(*parts, **options)
        ),
    )
    StagePictureHook(**hook).draw(runner)
    return drawn[0]


def test_one_picture_an_epoch_and_the_same_weights(config):
    plain = train(config())
    hooked = train(config(index=1))
    assert set(pictures(hooked)) == {'stages_1.png', 'stages_2.png'}
    for picture in pictures(hooked).values():
        assert picture.shape == (256, 4 * 256, 3)  # global, refined, target, overlay
    weights = hooked.model.state_dict()
    for name, weight in plain.model.state_dict().items():
        assert torch.equal(weight, weights[name]), name


def test_averaged_weights_are_drawn_as_they_are_tested(config, monkeypatch):
    cfg = config(index=1)
    cfg.custom_hooks.append(dict(type='EMAHook', momentum=0.5))
    drawn = []
    draw = StagePictureHook.draw
    monkeypatch.setattr(
        StagePictureHook,
        'draw',
        lambda hook, runner: drawn.append(weights(runner.model)) or draw(hook, runner),
    )
    runner = train(cfg)
    averaged = next(hook for hook in runner.hooks if hasattr(hook, 'ema_model'))
    assert torch.equal(drawn[-1], weights(averaged.ema_model.module))
    assert not torch.equal(drawn[-1], weights(runner.model))


def weights(network):
    return torch.cat([each.detach().ravel() for each in network.parameters()])


def test_one_picture_a_validation_where_iterations_count(config):
    cfg = config(index=1, interval=2)
    cfg.train_cfg = dict(by_epoch=False, max_iters=4, val_interval=1)
    cfg.param_scheduler = []
    assert set(pictures(train(cfg))) == {'stages_2.png', 'stages_4.png'}


def random_numbers():
    """What Python, numpy and PyTorch would draw next."""
    state, numpy = random.getstate(), np.random.get_state()
    with torch.random.fork_rng(devices=[]):
        numbers = random.random(), np.random.rand(), torch.rand(()).item()
    random.setstate(state)
    np.random.set_state(numpy)
    return numbers


def test_a_pipeline_that_draws_leaves_the_run_its_random_numbers(config):
    cfg = config()
    mirror = dict(type='RandomMirror', prob=0.5)
    turn = dict(type='RandomRotation', max_degrees=30)
    cfg.val_dataloader.dataset.pipeline[2:2] = [mirror, turn]
    runner = Runner.from_cfg(cfg)
    before = random_numbers()
    first = StagePictureHook().draw(runner)
    assert random_numbers() == before
    random.random(), np.random.rand(), torch.rand(5)
    np.testing.assert_array_equal(StagePictureHook().draw(runner), first)


@pytest.mark.parametrize('training', [True, False], ids=['train', 'eval'])
def test_the_network_is_as_before(config, training):
    runner = Runner.from_cfg(config())
    runner.model.train(training)
    modes = [module.training for module in runner.model.modules()]
    state = {name: x.clone() for name, x in runner.model.state_dict().items()}
    StagePictureHook().draw(runner)
    assert [module.training for module in runner.model.modules()] == modes
    # In training mode the running statistics of the norm layers would move.
    for name, value in runner.model.state_dict().items():
        assert torch.equal(value, state[name]), name
    assert all(weight.grad is None for weight in runner.model.parameters())


def test_maps_are_those_of_the_network(config, monkeypatch):
    runner = Runner.from_cfg(config())
    image, stages, _, _ = panels(runner, monkeypatch, index=1)
    data = runner.val_dataloader.dataset[1]
    np.testing.assert_array_equal(image, data['inputs'].permute(1, 2, 0))
    model = runner.model.eval()
    # The mean and the standard deviation are of RGB, the picture is BGR.
    rgb = data['inputs'].flip(0)[None].float()
    preprocessor = model.data_preprocessor
    normalised = (rgb - preprocessor.mean) / preprocessor.std
    with torch.no_grad():
        expected = model.head(model.backbone(normalised))
    assert list(stages) == ['global', 'refined']
    for maps, tensor in zip(stages.values(), expected):
        np.testing.assert_allclose(maps, tensor[0], atol=1e-6)


def test_chosen_stages_of_a_cpm(config, monkeypatch):
    runner = train(config(CPM, stages=(1, 3), interval=2))
    found = pictures(runner)
    assert set(found) == {'stages_2.png'}
    assert found['stages_2.png'].shape == (256, 4 * 256, 3)
    _, stages, target, _ = panels(runner, monkeypatch, stages=(1, 3))
    # The background, channel 14 of the network, is not shown.
    shapes = {name: maps.shape for name, maps in stages.items()}
    assert shapes == {'stage 1': (13, 8, 8), 'stage 3': (13, 8, 8)}
    assert target.shape == (13, 8, 8)


STRETCHED = """
val_pipeline = [
    dict(type='LoadImage'),
    dict(type='GetBBoxCenterScale', padding=1.0),
    dict(type='TopdownStretch', input_size=(64, 64)),
    dict(type='PackGarmentInputs'),
]
for loader in (val_dataloader, test_dataloader):
    loader['dataset']['pipeline'] = val_pipeline
"""


@pytest.mark.parametrize('extra', ['', STRETCHED], ids=['affine', 'stretched'])
def test_the_target_lies_on_the_key_points(config, monkeypatch, extra):
    runner = Runner.from_cfg(config(extra))
    dataset = runner.val_dataloader.dataset
    _, _, target, options = panels(runner, monkeypatch)
    # What the pipeline itself makes of the key points, which it does not pack.
    results = dataset.get_data_info(0)
    for transform in dataset.pipeline.transforms[:-1]:
        results = transform(results)
    cells = results['transformed_keypoints'][0] / 4
    labelled = results['keypoints_visible'][0] > 0
    assert 0 < labelled.sum() <= 13
    y, x = np.mgrid[:16, :16]
    square = (x - cells[:, 0, None, None]) ** 2 + (y - cells[:, 1, None, None]) ** 2
    expected = np.exp(-square / (2 * 1.5**2)) * labelled[:, None, None]
    np.testing.assert_allclose(target, expected, atol=1e-4)
    assert options == dict(offset=0)


def test_the_target_of_an_input_that_is_larger_than_the_codecs(config, monkeypatch):
    """Estimators that look twice get one; it shows the same crop."""
    cfg = config()
    _, _, expected, _ = panels(Runner.from_cfg(cfg), monkeypatch)
    cfg = config()
    for step in cfg.val_dataloader.dataset.pipeline:
        if 'input_size' in step:
            step.input_size = (128, 128)
    image, stages, target, _ = panels(Runner.from_cfg(cfg), monkeypatch)
    assert stages['refined'].shape == (13, 32, 32)
    assert image.shape == (64, 64, 3)
    assert (expected.max((1, 2)) > 0.5).any()
    np.testing.assert_allclose(target, expected, atol=1e-5)


def test_the_convention_of_the_codec_says_where_cells_lie(config, monkeypatch):
    cfg = config()
    cfg.model.head.decoder.convention = 'cpn'
    _, _, _, options = panels(Runner.from_cfg(cfg), monkeypatch)
    assert options == dict(offset=1)


def test_unlabelled_points_have_no_target(config, monkeypatch):
    runner = Runner.from_cfg(config())
    dataset = runner.val_dataloader.dataset
    info = dataset.get_data_info(0)
    info['raw_ann_info']['keypoints'][2] = 0  # the first point's visibility
    monkeypatch.setattr(dataset, 'get_data_info', lambda index: info)
    monkeypatch.setattr(type(dataset), '__getitem__', lambda s, i: s.prepare_data(i))
    _, _, target, _ = panels(runner, monkeypatch)
    assert not target[0].any()
    assert (target[1:].max((1, 2)) > 0.5).any()


def test_of_all_categories_the_own_channels_are_shown(config, monkeypatch):
    cfg = config()
    cfg.model.head.out_channels = 24
    for loader in (cfg.train_dataloader, cfg.val_dataloader):
        loader.dataset.update(category=None, ann_file='annotations/val_all.json')
    runner = Runner.from_cfg(cfg)
    _, stages, target, _ = panels(runner, monkeypatch)
    own = list(garments.garment('fashionai', 'blouse').channels)
    assert len(own) == 13
    data = runner.val_dataloader.dataset[0]
    batch = dict(inputs=[data['inputs']], data_samples=[data['data_samples']])
    model = runner.model.eval()
    with torch.no_grad():
        inputs = model.data_preprocessor(batch)['inputs']
        refined = model.head(model.backbone(inputs))[1][0]
    np.testing.assert_allclose(stages['refined'], refined[own], atol=1e-6)
    assert target.shape == (13, 16, 16)


def test_tensorboard_gets_the_picture(config):
    pytest.importorskip('tensorboard')
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    cfg = config(index=0)
    cfg.visualizer.vis_backends.append(dict(type='TensorboardVisBackend'))
    cfg.train_cfg.max_epochs = 1
    runner = train(cfg)
    events = EventAccumulator(str(Path(runner.log_dir) / 'vis_data')).Reload()
    (event,) = events.Images('stages')
    assert event.step == 1
    sent = np.frombuffer(event.encoded_image_string, np.uint8)
    sent = cv2.imdecode(sent, cv2.IMREAD_COLOR)
    np.testing.assert_array_equal(sent, pictures(runner)['stages_1.png'])


@pytest.fixture
def process_group(tmp_path):
    torch.distributed.init_process_group(
        'gloo', init_method=f'file://{tmp_path}/store', rank=0, world_size=1
    )
    yield
    torch.distributed.destroy_process_group()


def test_a_distributed_network_is_unwrapped(config, process_group):
    runner = Runner.from_cfg(config())
    hook = StagePictureHook()
    plain = hook.draw(runner)
    runner.model = MMDistributedDataParallel(runner.model)
    hook.before_train(runner)
    np.testing.assert_array_equal(hook.draw(runner), plain)


def test_only_the_main_process_draws(config, monkeypatch):
    runner = Runner.from_cfg(config())
    with monkeypatch.context() as patch:
        patch.setattr('mmengine.dist.utils.get_rank', lambda group=None: 1)
        # The visualizer would refuse too: what counts is that nothing is computed.
        patch.setattr(StagePictureHook, 'draw', None)
        StagePictureHook().after_val_epoch(runner)
    assert pictures(runner) == {}
    StagePictureHook().after_val_epoch(runner)
    assert set(pictures(runner)) == {'stages_0.png'}


@pytest.mark.parametrize(
    'hook, message',
    [
        pytest.param(dict(stages=(1, 3)), r'has 2 stages, not \[3\]', id='stage'),
        pytest.param(dict(index=99), 'none has index 99', id='sample'),
        pytest.param(dict(index=-1), 'none has index -1', id='negative'),
        pytest.param(dict(interval=0), 'at least 1, got 0', id='interval'),
    ],
)
def test_wrong_requests_stop_before_training(config, hook, message):
    runner = Runner.from_cfg(config())
    with pytest.raises(ValueError, match=message):
        StagePictureHook(**hook).before_train(runner)


def test_samples_and_heads_that_cannot_be_drawn(config, monkeypatch):
    runner = Runner.from_cfg(config())
    hook = StagePictureHook()
    with monkeypatch.context() as patch:
        dataset = runner.val_dataloader.dataset
        patch.setattr(dataset, 'get_data_info', lambda index: dict(raw_ann_info=None))
        with pytest.raises(ValueError, match='sample 0 .* is not annotated'):
            hook.before_train(runner)
    with monkeypatch.context() as patch:
        patch.setattr(runner, '_val_loop', None)
        with pytest.raises(ValueError, match='give the config a val_dataloader'):
            hook.before_train(runner)
    runner.model.head = torch.nn.Identity()
    with pytest.raises(ValueError, match='over PointHeatmap, not Identity'):
        hook.before_train(runner)
