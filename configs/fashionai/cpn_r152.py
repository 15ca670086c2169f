# CPN on FashionAI: the whole image at 512x512, one network a category or one for all.
_base_ = [
    '../_base_/default_runtime.py',
    '../_base_/schedules/cpn_plateau_100e.py',
    '../_base_/datasets/fashionai.py',
    '../_base_/models/cpn_r152.py',
]

# Bases may not share a key, so the schedule's hooks join the runtime's here.
custom_hooks = [
    dict(type='EpochSeedHook'),
    dict(type='ProgressBarHook'),
    dict(type='StopAtLRHook', ratio=1e-2),
]
default_hooks = dict(checkpoint=dict(save_best='fashionai/NE', rule='less'))

train_pipeline = [
    dict(type='LoadImage'),
    dict(type='GetBBoxCenterScale', padding=1.0),
    dict(type='RandomMirror', prob=0.5),
    dict(type='RandomRotation', max_degrees=30),
    dict(type='TopdownAffine', input_size=_base_.codec.input_size),
    dict(type='GenerateTarget', encoder=_base_.codec),
    dict(type='PackGarmentInputs'),
]
val_pipeline = [
    dict(type='LoadImage'),
    dict(type='GetBBoxCenterScale', padding=1.0),
    dict(type='TopdownAffine', input_size=_base_.codec.input_size),
    dict(type='PackGarmentInputs'),
]

train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=val_pipeline))
test_dataloader = dict(dataset=dict(pipeline=val_pipeline))
