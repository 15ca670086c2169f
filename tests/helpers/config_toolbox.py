"""What the tests of the configs have in common."""

from copy import deepcopy
from functools import cache

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
