# CPM on FashionAI: the whole image stretched to 256x256, one network a category or one
# for all.
_base_ = [
    '../_base_/default_runtime.py',
    '../_base_/schedules/cpm_exponential_100e.py',
    '../_base_/datasets/fashionai.py',
    '../_base_/models/cpm.py',
]

# Bases may not share a key, so the schedule's hooks join the runtime's here.
custom_hooks = [
    dict(type='EpochSeedHook'),
    dict(type='ProgressBarHook'),
    dict(
        type='PersistentEarlyStoppingHook',
        monitor='fashionai/NE',
        rule='less',
        patience=10,
        min_delta=0.0,
    ),
    dict(type='StagePictureHook', stages=(1, 2, 3, 6)),
]
default_hooks = dict(checkpoint=dict(save_best='fashionai/NE', rule='less'))

framing = [dict(type='GetBBoxCenterScale', padding=1.0)]
augmentation = [
    *framing,
    dict(type='RandomMirror', prob=0.5),
    dict(type='RandomRotation', max_degrees=10),
    dict(type='RandomShift', max_share=10 / 256),
]
load = dict(type='LoadImage')
# What the rotation and the shift bring in is white, as the shops' backgrounds are.
crop = dict(type='TopdownStretch', input_size=_base_.codec.input_size, border_value=255)
targets = dict(type='GenerateTarget', encoder=_base_.codec)
pack = dict(type='PackGarmentInputs')
train_pipeline = [load, *augmentation, crop, targets, pack]
val_pipeline = [load, *framing, crop, pack]

train_dataloader = dict(batch_size=16, dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=val_pipeline))
test_dataloader = dict(dataset=dict(pipeline=val_pipeline))
