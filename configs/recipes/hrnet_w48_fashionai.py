# The recipe of the winner of DeepFashion2's challenge of 2020 on FashionAI, its first
# step: one network for all five categories, which share 24 channels, whole pictures.
_base_ = [
    '../_base_/default_runtime.py',
    '../_base_/schedules/hrnet_adam_210e.py',
    '../_base_/datasets/fashionai.py',
    '../_base_/models/hrnet_w48_512x384.py',
]

model = dict(head=dict(out_channels=24))

framing = [dict(type='GetBBoxCenterScale', padding=1.0)]
train_pipeline = [_base_.load, *framing, *_base_.seen_in_training]
val_pipeline = [_base_.load, *framing, _base_.crop, _base_.pack]
train_dataloader = dict(batch_size=8, dataset=dict(pipeline=train_pipeline))
held_out = dict(pipeline=val_pipeline)
val_dataloader = dict(dataset=held_out)
test_dataloader = dict(
    dataset=dict(ann_file='annotations/test_{category}.json', **held_out)
)

default_hooks = dict(checkpoint=dict(save_best='fashionai/NE', rule='less'))
