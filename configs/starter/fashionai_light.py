# The starter on FashionAI without people's joints, which is faster: one
# network for all five categories, whole pictures.
_base_ = [
    '../_base_/default_runtime.py',
    '../_base_/schedules/starter_adamw_12e.py',
    '../_base_/datasets/fashionai.py',
    '../_base_/models/starter_lite0.py',
]
load_from = 'starter://fashionai_light'

# Garments without boxes are looked at twice: in the whole picture, and in a crop around
# the points that were found there, for which the input has twice the size.
model = dict(type='TwoPassEstimator', head=dict(out_channels=24))
picture = dict(_base_.crop, input_size=(384, 512))

framing = [dict(type='GetBBoxCenterScale', padding=1.0)]
train_pipeline = [_base_.load, *framing, *_base_.seen_in_training]
val_pipeline = [_base_.load, *framing, picture, _base_.pack]
train_dataloader = dict(
    batch_size=16, num_workers=2, dataset=dict(pipeline=train_pipeline)
)
held_out = dict(pipeline=val_pipeline)
val_dataloader = dict(batch_size=32, num_workers=2, dataset=held_out)
test_dataloader = dict(
    batch_size=32,
    num_workers=2,
    dataset=dict(ann_file='annotations/test_{category}.json', **held_out),
)

# Bases may not share a key, so the hooks of this recipe join the runtime's here.
custom_hooks = [
    dict(type='EpochSeedHook'),
    dict(type='ProgressBarHook'),
    dict(type='ChannelsLastHook'),
]
default_hooks = dict(
    checkpoint=dict(max_keep_ckpts=1, save_best='fashionai/NE', rule='less'),
    logger=dict(interval=20),
)
