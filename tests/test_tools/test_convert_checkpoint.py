"""tools/convert_checkpoint.py, and predictions with what it writes.

A converted network, with its companion config, predicts what the published system
predicts: both start from the same picture.
"""

import cv2
import numpy as np
import pytest
import torch
import torch.nn.functional as F
from mmengine.config import Config
from mmengine.dataset import Compose, pseudo_collate
from mmengine.registry import init_default_scope
from mmpose.apis import inference_topdown, init_model
from mmpose.registry import MODELS
from source_networks import cpm_heatmaps, cpm_variables, randomize, resnet_cpn
from tensorflow_bundle import write_bundle
from toolbox import ROOT, load_tool

from fashion_mmpose import garments
from fashion_mmpose.weights.conversion.convert import dataset_meta

CPN_CONFIG = """
_base_ = '{root}/configs/cpn_r152_fashionai_blouse_gathierry.py'

model = dict(
    backbone=dict(depth=50, stem_channels=16, base_channels=16),
    head=dict(in_channels=(64, 128, 256, 512), channels=64),
)
"""
CPN_SIZES = dict(depths=(3, 4, 6, 3), width=16, channels=64)

CPM_CONFIG = """
_base_ = '{root}/configs/cpm_fashionai_blouse_nhy0.py'

model = dict(
    backbone=dict(base_channels=4, out_channels=8),
    head=dict(in_channels=8, stem_channels=16, channels=8, num_stages=2),
)
"""
CPM_SIZES = dict(
    features=(4, 4, None, 8, 8, None, *[16] * 4, None, *[32] * 6, 8), stages=2
)

NAMES = garments.keypoints('fashionai', 'blouse')
SWAPPED = [
    (index, NAMES.index(name.replace('left', 'right')))
    for index, name in enumerate(NAMES)
    if 'left' in name
]


@pytest.fixture(scope='module')
def convert():
    return load_tool('convert_checkpoint.py').main


@pytest.fixture(scope='module')
def cpn(tmp_path_factory):
    """A folder with a checkpoint of the CPN system, as it saves it, and the network."""
    folder = tmp_path_factory.mktemp('cpn')
    (folder / 'narrow.py').write_text(CPN_CONFIG.format(root=ROOT))
    network = randomize(resnet_cpn(**CPN_SIZES))
    with torch.no_grad():
        # Maps that are not taken for flat.
        network.refine_net.output[1].weight.mul_(10)
    weights = {
        name: value
        for name, value in network.state_dict().items()
        if not name.endswith('num_batches_tracked')  # PyTorch 0.3 has none
    }
    torch.save(
        dict(
            epoch=30,
            save_dir='checkpoints/',
            state_dict=weights,
            lr=1e-4,
            best_val_loss=np.float32(2.5),
        ),
        folder / 'kpt_blouse_030.ckpt',
        _use_new_zipfile_serialization=False,
    )
    return folder, network


def picture(width, height):
    """A smooth BGR picture."""
    noise = np.random.default_rng(0).integers(0, 256, (12, 9, 3), np.uint8)
    return cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC)


def prepared(model, image):
    """A batch of the whole picture, as the config's pipeline makes it."""
    height, width = image.shape[:2]
    sample = Compose(model.cfg.test_dataloader.dataset.pipeline)(
        dict(
            img=image,
            bbox=np.array([[0, 0, width, height]], np.float32),
            bbox_score=np.ones(1, np.float32),
            keypoints=np.zeros((1, 13, 2), np.float32),
            **model.dataset_meta,
        )
    )
    return pseudo_collate([sample])


def network_input(model, image):
    """What the network sees of the picture, (1, 3, H, W)."""
    return model.data_preprocessor(prepared(model, image))['inputs'].numpy()


def predict(config, checkpoint, image):
    """Key points of the whole picture, by MMPose's own functions, (K, 2)."""
    model = init_model(str(config), str(checkpoint), device='cpu')
    with torch.no_grad():
        (result,) = model.test_step(prepared(model, image))
    return result.pred_instances.keypoints[0]


def cpn_systems_input(image):
    """What the system's network sees, and the width of the picture in it."""
    height, width = image.shape[:2]
    scale = 512 / max(height, width)
    size = (int(width * scale), int(height * scale))
    resized = cv2.resize(image, size, interpolation=cv2.INTER_CUBIC)
    padded = np.zeros((1, 3, 512, 512), np.float32)
    rgb = resized[..., ::-1].transpose(2, 0, 1)
    padded[0, :, : size[1], : size[0]] = (rgb / 255 - 0.65) / 0.25
    return padded, size[0]


def cpn_systems_points(network, image, expected_cells):
    """The system's prediction for a picture of 512 pixels, before it is rounded."""

    def heatmaps(image):
        padded, width = cpn_systems_input(image)
        assert width // 4 == expected_cells
        with torch.no_grad():
            return F.relu(network(torch.from_numpy(padded))[1])[0].numpy()

    flipped = heatmaps(image[:, ::-1].copy())
    unflipped = np.zeros_like(flipped)
    unflipped[..., :expected_cells] = flipped[..., :expected_cells][..., ::-1]
    for left, right in SWAPPED:
        unflipped[[left, right]] = unflipped[[right, left]]
    total = heatmaps(image) + unflipped
    blurred = np.stack([cv2.GaussianBlur(heatmap, (5, 5), 1) for heatmap in total])
    blurred = blurred.reshape(len(total), -1)
    assert (blurred.var(1) > 1).all()
    order = blurred.argsort(1)
    first, second = (
        np.stack((order[:, -rank] % 128, order[:, -rank] // 128), 1) for rank in (1, 2)
    )
    return (3 * first + second) / 4 * 4 + 2


def cpm_systems_input(image):
    rgb = cv2.resize(image, (256, 256))[..., ::-1].astype(np.float32)
    return ((rgb / 255 - 0.5) * 2).transpose(2, 0, 1)[None]


@pytest.mark.parametrize('width, height', [(200, 300), (301, 190), (640, 333)])
@pytest.mark.parametrize(
    'config, expected',
    [
        pytest.param(CPN_CONFIG, lambda image: cpn_systems_input(image)[0], id='cpn'),
        pytest.param(CPM_CONFIG, cpm_systems_input, id='cpm'),
    ],
)
def test_what_the_network_sees(config, expected, width, height, tmp_path):
    (tmp_path / 'narrow.py').write_text(config.format(root=ROOT))
    cfg = Config.fromfile(tmp_path / 'narrow.py')
    init_default_scope('mmpose')
    model = MODELS.build(cfg.model)
    model.cfg = cfg
    model.dataset_meta = dataset_meta(cfg)['dataset_meta']
    image = picture(width, height)
    ours, theirs = network_input(model, image), expected(image)
    assert ours.shape == theirs.shape
    np.testing.assert_allclose(ours, theirs, atol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize(
    'width, height, cells',
    [
        pytest.param(390, 512, 97, id='high'),
        pytest.param(512, 390, 128, id='wide'),
    ],
)
def test_cpn(width, height, cells, cpn, convert, capsys):
    folder, network = cpn
    source, config = folder / 'kpt_blouse_030.ckpt', folder / 'narrow.py'
    done = convert(['cpn', f'{source}', f'{folder}/out.pth', '--config', f'{config}'])
    assert done == 0
    lines = capsys.readouterr().out.splitlines()
    values = network.state_dict().values()
    counts = f'{len(values)} tensors, {sum(map(torch.numel, values)):,} numbers'
    assert lines[0] == f'{folder}/out.pth: {counts}'
    assert lines[1].startswith('filled with 0: 79 batch counters')
    assert lines[2] == 'left out: epoch, save_dir, lr, best_val_loss'
    image = picture(width, height)
    theirs = cpn_systems_points(network, image, cells)
    assert theirs.std(0).min() > 10  # pixels; not all in one place
    np.testing.assert_allclose(
        predict(config, folder / 'out.pth', image), theirs, atol=1e-2
    )


@pytest.mark.slow
def test_cpm(tmp_path, convert):
    config = tmp_path / 'narrow.py'
    config.write_text(CPM_CONFIG.format(root=ROOT))
    variables = cpm_variables(stem=16, channels=8, **CPM_SIZES)
    write_bundle(tmp_path / 'cpm', variables)
    done = convert(
        ['cpm-tf', f'{tmp_path}/cpm', f'{tmp_path}/out.pth', '--config', f'{config}']
    )
    assert done == 0
    image = picture(390, 500)
    inputs = torch.from_numpy(cpm_systems_input(image))
    heatmaps = cpm_heatmaps(variables, inputs, **CPM_SIZES)[-1][0, :13].numpy()
    theirs = []
    for heatmap in heatmaps:
        index = cv2.resize(heatmap, (256, 256)).argmax()
        theirs.append((index % 256 * 390 / 256, index // 256 * 500 / 256))
    assert np.std(theirs, 0).min() > 10
    ours = predict(config, tmp_path / 'out.pth', image)
    np.testing.assert_allclose(ours, theirs, atol=1e-2)


def test_a_training_checkpoint_predicts_the_same(trained, tmp_path, convert):
    (source,) = (trained / 'work_dirs' / 'tiny').glob('epoch_4.pth')
    stripped = tmp_path / 'weights.pth'
    assert convert(['mmpose', f'{source}', f'{stripped}']) == 0
    assert stripped.stat().st_size < 0.7 * source.stat().st_size
    config = str(trained / 'tiny.py')
    first, second = (
        inference_topdown(
            init_model(config, str(path), device='cpu'), picture(200, 256)
        )[0].pred_instances.keypoints
        for path in (source, stripped)
    )
    np.testing.assert_array_equal(first, second)


@pytest.mark.slow
def test_a_checkpoint_of_the_other_network(cpn, convert, capsys):
    folder, _ = cpn
    arguments = [f'{folder}/kpt_blouse_030.ckpt', f'{folder}/other.pth', '--config']
    assert convert(['cpn', *arguments, 'cpn_senet154_fashionai_blouse_gathierry']) == 1
    output = capsys.readouterr()
    assert output.out == ''
    assert "the checkpoint's backbone is a ResNet" in output.err
    assert not (folder / 'other.pth').exists()


def test_a_checkpoint_of_another_category(cpn, convert, capsys, tmp_path):
    folder, _ = cpn
    skirts = tmp_path / 'skirts.py'
    skirts.write_text(
        f"_base_ = '{folder}/narrow.py'\nmodel = dict(head=dict(out_channels=4))\n"
    )
    source = folder / 'kpt_blouse_030.ckpt'
    done = convert(['cpn', f'{source}', f'{tmp_path}/out.pth', '--config', f'{skirts}'])
    assert done == 1
    assert capsys.readouterr().err.splitlines() == [
        f'error: {source} does not fit {skirts}, nothing was written:',
        '6 of another shape:',
        *(
            f'  {source}, expected {expected} (here head.{name})'
            for source, expected, name in (
                (
                    'global_net.toplayer3.weight (13, 64, 3, 3)',
                    '(4, 64, 3, 3)',
                    'global_net.smooths.0.weight',
                ),
                (
                    'global_net.toplayer3.bias (13,)',
                    '(4,)',
                    'global_net.smooths.0.bias',
                ),
                (
                    'refine_net.bottleneck2.conv1.weight (16, 13, 1, 1)',
                    '(16, 4, 1, 1)',
                    'refine_net.branches.0.conv1.weight',
                ),
                (
                    'refine_net.bottleneck2.shortcut.0.weight (64, 13, 1, 1)',
                    '(64, 4, 1, 1)',
                    'refine_net.branches.0.shortcut.0.weight',
                ),
                (
                    'refine_net.output.1.weight (13, 64, 1, 1)',
                    '(4, 64, 1, 1)',
                    'refine_net.output.1.weight',
                ),
                (
                    'refine_net.output.1.bias (13,)',
                    '(4,)',
                    'refine_net.output.1.bias',
                ),
            )
        ),
    ]
    assert [path.name for path in tmp_path.iterdir()] == ['skirts.py']


def test_list(tmp_path, convert, capsys):
    kernel = np.zeros((7, 7, 2, 4), np.float32)
    write_bundle(tmp_path / 'cpm', {'conv2d/kernel': kernel})
    (tmp_path / 'cpm.data-00000-of-00001').unlink()
    assert convert(['cpm-tf', f'{tmp_path}/cpm', '--list']) == 0
    assert capsys.readouterr().out == 'conv2d/kernel [7, 7, 2, 4] float32\n'


@pytest.mark.parametrize(
    'arguments, message',
    [
        pytest.param(
            ['mmpose', 'none.pth', 'out.pth'], 'none.pth does not exist', id='no-file'
        ),
        pytest.param(
            ['cpm-tf', 'none', '--list'], 'none.index is missing', id='no-bundle'
        ),
        pytest.param(
            ['cpn', 'none.ckpt', 'out.pth', '--config', 'cpn_r152_fashionai_blose'],
            "unknown config 'cpn_r152_fashionai_blose'",
            id='no-config',
        ),
    ],
)
def test_errors(arguments, message, convert, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert convert(arguments) == 1
    output = capsys.readouterr()
    assert output.err.startswith('error: ') and message in output.err
    assert output.out == '' and list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    'arguments, message',
    [
        pytest.param(['cpn', 'a.ckpt'], 'DST is missing', id='no-dst'),
        pytest.param(['cpn', 'a.ckpt', 'b.pth'], 'cpn needs --config', id='no-config'),
        pytest.param(['cpn', 'a', 'b', '--list'], '--list takes SRC only', id='list'),
        pytest.param(['caffe', 'a', 'b'], 'invalid choice', id='kind'),
    ],
)
def test_usage(arguments, message, convert, capsys):
    with pytest.raises(SystemExit) as caught:
        convert(arguments)
    assert caught.value.code == 2
    assert message in capsys.readouterr().err
