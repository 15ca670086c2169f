"""Networks on a device that is not the CPU make everything they need there."""

import copy

import numpy as np
import pytest
import torch
from mmengine.registry import DefaultScope
from mmengine.runner import Runner
from mmpose.registry import MODELS
from other_device import other_device

from fashion_mmpose.cli.convert.deepfashion2 import main as convert_deepfashion2
from fashion_mmpose.cli.convert.fashionai import main as convert_fashionai
from fashion_mmpose.commands.runs.data_root import set_data_root
from fashion_mmpose.config.loading import load_config
from fashion_mmpose.synthetic import write_deepfashion2, write_fashionai

pytestmark = pytest.mark.slow
SMALL_CPN = {
    'model.backbone.depth': 18,
    'model.backbone.stem_channels': 8,
    'model.backbone.base_channels': 8,
    'model.head.in_channels': [8, 16, 32, 64],
    'model.head.channels': 8,
}
NETWORKS = {
    'cpn': ('small/cpn_r18_all', SMALL_CPN),
    'cpm': (
        'cpm_fashionai_all',
        {
            'model.backbone.base_channels': 8,
            'model.backbone.out_channels': 32,
            'model.head.in_channels': 32,
            'model.head.stem_channels': 16,
            'model.head.channels': 8,
            'model.head.num_stages': 2,
        },
    ),
    'padded flip': ('cpn_r152_fashionai_blouse_gathierry', SMALL_CPN),
    'two looks, states': ('starter/fashionai', {'model.head.states': {}}),
    'shared places': ('starter/deepfashion2', {}),
    'crops': (
        'starter/deepfashion2',
        {
            'model.type': 'MultiCropEstimator',
            'model.scales': [0.9, 1.0],
            'model.point_crop': 0.5,
            # The fewest key points, each of which has a crop of its own.
            'val_dataloader.dataset.categories': ['skirt'],
        },
    ),
    'simcc': ('recipes/rtmpose_m_fashionai', {}),
}


@pytest.fixture(scope='module')
def roots(tmp_path_factory):
    """Folders with two drawn pictures of every part, by benchmark."""
    root = tmp_path_factory.mktemp('drawn')
    fashionai, deepfashion2 = root / 'fashionai', root / 'deepfashion2'
    write_fashionai(fashionai / 'train', ['blouse', 'skirt'], 2)
    parts = '--out', str(fashionai / 'annotations'), '--val-fraction', '0.5'
    convert_fashionai([str(fashionai), *parts])
    for part in ('train', 'validation'):
        folder = deepfashion2 / part
        write_deepfashion2(folder, 2, category='skirt')
        pictures = '--annos', str(folder / 'annos'), '--images', str(folder / 'image')
        convert_deepfashion2([*pictures, '--out', str(deepfashion2 / f'{part}.json')])
    return dict(fashionai=str(fashionai), deepfashion2=str(deepfashion2))


@pytest.fixture(params=NETWORKS.values(), ids=NETWORKS)
def setting(request, roots):
    """A network, and what its loaders hand over in training and in tests."""
    name, changes = request.param
    if name.startswith('starter'):
        pytest.importorskip('timm')
    cfg = load_config(name)
    cfg.merge_from_dict(changes)
    benchmark = 'deepfashion2' if 'deepfashion2' in name else 'fashionai'
    set_data_root(cfg, roots[benchmark])
    cfg.model.backbone.pop('init_cfg', None)
    if 'pretrained' in cfg.model.backbone:
        cfg.model.backbone.pretrained = False
    changed = dict(batch_size=1, num_workers=0, persistent_workers=False)
    with DefaultScope.overwrite_default_scope('mmpose'):
        torch.manual_seed(0)
        model = MODELS.build(cfg.model)
        batches = [
            next(iter(Runner.build_dataloader({**loader, **changed}, seed=0)))
            for loader in (cfg.train_dataloader, cfg.val_dataloader)
        ]
    return model, *batches


def numbers(model, training, testing):
    """Losses, and what is predicted."""
    training, testing = copy.deepcopy((training, testing))
    with torch.no_grad():
        losses = model.train().loss(**model.data_preprocessor(training, True))
        found = model.eval().test_step(testing)
    values = [float(value) for name, value in sorted(losses.items()) if 'loss' in name]
    for sample in found:
        predicted = sample.pred_instances
        values += [predicted[key] for key in predicted.keys()]  # noqa: SIM118
    return [np.asarray(value) for value in values]


def test_numbers_are_those_of_the_cpu(setting):
    model, *batches = setting
    state = copy.deepcopy(model.state_dict())
    expected = numbers(model, *batches)
    assert len(expected) > 2
    model.load_state_dict(state)  # training changes statistics
    overwrite = torch.__future__.get_overwrite_module_params_on_conversion()
    torch.__future__.set_overwrite_module_params_on_conversion(True)
    try:
        with other_device() as device:
            model.to(device)
            found = numbers(model, *batches)
    finally:
        torch.__future__.set_overwrite_module_params_on_conversion(overwrite)
    assert len(found) == len(expected)
    for one, other in zip(found, expected):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-5)


def test_the_other_device_takes_no_tensor_of_the_cpu():
    with other_device() as device:
        there = torch.arange(3, device=device)
        with pytest.raises(RuntimeError, match='on the same device'):
            there + torch.arange(3)
        with pytest.raises(RuntimeError, match='on the same device'):
            torch.arange(3)[there]
        assert (there[torch.tensor([2])] * 2).cpu().tolist() == [4]
        with pytest.raises((RuntimeError, TypeError, NotImplementedError)):
            there.numpy()
        assert there.new_tensor([5, 6])[[1]].cpu().tolist() == [6]
        there += 1
        assert there.cpu().numpy().tolist() == [1, 2, 3]
