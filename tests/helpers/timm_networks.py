"""Small networks of timm, as backbones and as classifiers."""

import timm
import torch
from mmengine.config import ConfigDict
from mmpose.registry import MODELS
from safetensors.torch import save_file

SWIN = dict(
    model_name='swin_tiny_patch4_window7_224',
    img_size=32,
    window_size=2,
    embed_dim=8,
    depths=(1, 1, 1, 1),
    num_heads=(1, 1, 2, 2),
)
SE_RESNET = dict(
    model_name='resnet18',
    channels=(8, 16, 24, 32),
    block_args=dict(attn_layer='se'),
    stem_type='deep',
    stem_width=4,
)


def backbone(model_name='test_resnet', path=None, **kwargs):
    """A backbone as a config asks for it; ``path`` is a file of weights for it."""
    if path is not None:
        kwargs['init_cfg'] = dict(type='Pretrained', checkpoint=path)
    kwargs = dict(type='TimmFeatures', model_name=model_name, **kwargs)
    return MODELS.build(ConfigDict(kwargs))


def classifier(model_name='test_resnet', **kwargs):
    """timm's classification network with random statistics of the batches."""
    torch.manual_seed(1)
    network = timm.create_model(model_name, **kwargs).eval()
    for name, buffer in network.named_buffers():
        if name.endswith(('running_mean', 'running_var')):
            buffer.uniform_(0.5, 1.5)
    return network


def saved(weights, path):
    if path.suffix == '.safetensors':
        save_file({name: value.contiguous() for name, value in weights.items()}, path)
    else:
        torch.save(weights, path)
    return str(path)


def same_weights(network, expected):
    weights = network.state_dict()
    return weights.keys() == expected.keys() and all(
        torch.equal(weights[name], expected[name]) for name in weights
    )
