# The CPN system's recipe as published: its pictures, head, losses, augmentation,
# schedule and decoding. Only the features are others, with the normalisation that they
# were learnt with.
_base_ = '../../../configs/cpn_r152_fashionai_all.py'

model = dict(
    data_preprocessor=dict(mean=[127.0, 127.0, 127.0], std=[128.0, 128.0, 128.0]),
    backbone=dict(
        _delete_=True,
        type='TimmFeatures',
        model_name='tf_efficientnet_lite0',
        out_indices=(1, 2, 3, 4),
        pretrained='pypi',
    ),
    head=dict(in_channels=(24, 40, 112, 320)),
)
# The benchmark sets how many pictures are drawn for an "epoch", all of them alike.
train_dataloader = dict(
    sampler=dict(_delete_=True, type='CategoryBalancedSampler', smoothing=1e9)
)
# The same numbers, up to rounding, in less time.
custom_hooks = [*_base_.custom_hooks, dict(type='ChannelsLastHook')]
default_hooks = dict(checkpoint=dict(max_keep_ckpts=1), logger=dict(interval=20))
