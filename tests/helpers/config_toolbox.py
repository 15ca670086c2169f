"""What the tests of the configs have in common."""

from copy import deepcopy
from functools import cache

import torch
from mmpose.apis import init_model

from fashion_mmpose import garments
from fashion_mmpose.config.loading import read_config

LOADERS = ('train_dataloader', 'val_dataloader', 'test_dataloader')


def differences(config, other, prefix=''):
    """Dotted keys at which two configs differ."""
    keys = set()
    for key in {*config, *other}:
        ours, theirs = config.get(key), other.get(key)
        if isinstance(ours, dict) and isinstance(theirs, dict):
            keys |= differences(ours, theirs, f'{prefix}{key}.')
        elif ours != theirs:
            keys.add(prefix + key)
    return keys


def pipeline(config, loader):
    """The loader's steps by name."""
    return {step.type: step for step in config[loader].dataset.pipeline}


def own_copy(name):
    """A config that may be changed, which is read from its file once."""
    return deepcopy(_read_once(name))


_read_once = cache(read_config)


def shapes_only(config):
    """A device for the config's network, and any true size of its input.

    On ``meta`` nothing takes memory or arithmetic. HRFormer reads numbers out of a
    tensor while it is built, which that has not.
    """
    return 'cpu' if config.model.backbone.type == 'HRFormer' else 'meta'


def init_without_checkpoint(config):
    """The network of MMPose's ``init_model``, which knows its key points."""
    device = shapes_only(config)
    with torch.device(device):
        model = init_model(config, None, device=device)
    dataset = model.cfg.test_dataloader.dataset
    benchmark = model.dataset_meta['benchmark']
    names = garments.keypoints(benchmark, dataset.get('category'))
    told = model.dataset_meta['keypoint_id2name']
    assert tuple(told.values()) == tuple(names)
    assert len(model.dataset_meta['flip_indices']) == model.cfg.model.head.out_channels
    return model
