# The HRNet system's recipe as published: its pictures, 294 channels, loss,
# augmentation, schedule and decoding. Only the features are others, with the
# normalisation that they were learnt with, and deconvolutions lead to its heatmaps.
_base_ = '../../../configs/hrnet_w48_deepfashion2_384x288_svip.py'

model = dict(
    data_preprocessor=dict(
        mean=[127.0, 127.0, 127.0], std=[128.0, 128.0, 128.0], bgr_to_rgb=True
    ),
    backbone=dict(
        _delete_=True,
        type='TimmFeatures',
        model_name='tf_efficientnet_lite0',
        out_indices=(1, 2, 3, 4),
        pretrained='pypi',
    ),
    head=dict(in_channels=320, deconv_out_channels=(192, 192, 192)),
    # The features are those of a network without HRNet's offset by a cell.
    test_cfg=dict(shift_heatmap=False),
)
# The benchmark sets how many garments are drawn for an "epoch", all of them alike.
train_dataloader = dict(
    sampler=dict(_delete_=True, type='CategoryBalancedSampler', smoothing=1e9)
)
# All rows but one are scored by their boxes alone.
val_evaluator = dict(_delete_=True, type='GarmentOKS')
test_evaluator = dict(_delete_=True, type='GarmentOKS')
# The same numbers, up to rounding, in less time.
custom_hooks = [*_base_.custom_hooks, dict(type='ChannelsLastHook')]
default_hooks = dict(checkpoint=dict(max_keep_ckpts=1), logger=dict(interval=20))
