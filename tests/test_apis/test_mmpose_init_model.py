"""MMPose's ``init_model`` without a checkpoint, for the configs of the package."""

import pytest
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmpose.apis import init_model
from mmpose.apis.inference import dataset_meta_from_config

from fashion_mmpose import garments
from fashion_mmpose.config.loading import config_names, read_config
from fashion_mmpose.config.parts import is_ensemble


def is_pose_network(config):
    """Whether it can be built: it is no recipe, ensemble or detector."""
    head = None if is_ensemble(config) else config.model.get('head')
    return head is not None and head.out_channels is not None


@pytest.mark.slow
@pytest.mark.parametrize('name', config_names())
def test_init_model(name):
    config = read_config(name)
    # The benchmark of the landmarks is a file that is made.
    if name.startswith('starter/landmarks') or not is_pose_network(config):
        pytest.skip('no pose network that can be built: see test_configs')
    # HRFormer asks for numbers while it is built, which tensors on meta do not have.
    device = 'cpu' if 'hrformer' in name else 'meta'
    with torch.device(device):
        model = init_model(config, None, device=device)
    dataset = model.cfg.test_dataloader.dataset
    benchmark = model.dataset_meta['benchmark']
    names = garments.keypoints(benchmark, dataset.get('category'))
    told = model.dataset_meta['keypoint_id2name']
    assert tuple(told.values()) == tuple(names)
    assert len(model.dataset_meta['flip_indices']) == model.cfg.model.head.out_channels


def test_a_config_without_training_data():
    init_default_scope('mmpose')  # as init_model does before it asks
    config = read_config('cpn_r50_fashionai_blouse')
    config.train_dataloader = None
    assert dataset_meta_from_config(config)['category'] == 'blouse'


def test_other_datasets_are_left_to_mmpose():
    stock = dict(dataset=dict(type='CocoDataset'))
    config = Config(dict(train_dataloader=stock))
    assert dataset_meta_from_config(config)['dataset_name'] == 'coco'
    assert dataset_meta_from_config(Config()) is None
