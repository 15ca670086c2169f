# The starter on DeepFashion2 without people's joints, which is faster: one
# network for all 13 categories, whose landmarks share their channels where they are one
# place.
_base_ = [
    '../_base_/default_runtime.py',
    '../_base_/schedules/starter_adamw_12e.py',
    '../_base_/datasets/deepfashion2_landmarks.py',
    '../_base_/models/starter_lite0.py',
]
load_from = 'starter://deepfashion2_light'

model = dict(head=dict(out_channels=294, share_places=True))

framing = [dict(type='GetBBoxCenterScale', padding=1.25)]
train_pipeline = [_base_.load, *framing, *_base_.seen_in_training]
val_pipeline = [_base_.load, *framing, _base_.crop, _base_.pack]
train_dataloader = dict(
    batch_size=16, num_workers=2, dataset=dict(pipeline=train_pipeline)
)
held_out = dict(pipeline=val_pipeline)
val_dataloader = dict(num_workers=2, dataset=held_out)
test_dataloader = dict(num_workers=2, dataset=held_out)

# Bases may not share a key, so the hooks of this recipe join the runtime's here.
custom_hooks = [
    dict(type='EpochSeedHook'),
    dict(type='ProgressBarHook'),
    dict(type='ChannelsLastHook'),
]
default_hooks = dict(
    checkpoint=dict(max_keep_ckpts=1, save_best='deepfashion2/AP', rule='greater'),
    logger=dict(interval=20),
)
