# The recipe of the winner of DeepFashion2's challenge of 2020, its first step: one
# network for all 13 categories, whose landmarks share 81 channels.
_base_ = [
    '../_base_/default_runtime.py',
    '../_base_/schedules/hrnet_adam_210e.py',
    '../_base_/datasets/deepfashion2_landmarks.py',
    '../_base_/models/hrnet_w48_512x384.py',
]

model = dict(head=dict(out_channels=294, share_places=True))

framing = [dict(type='GetBBoxCenterScale', padding=1.25)]
train_pipeline = [_base_.load, *framing, *_base_.seen_in_training]
val_pipeline = [_base_.load, *framing, _base_.crop, _base_.pack]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=val_pipeline))
test_dataloader = dict(dataset=dict(pipeline=val_pipeline))

default_hooks = dict(checkpoint=dict(save_best='deepfashion2/AP', rule='greater'))
