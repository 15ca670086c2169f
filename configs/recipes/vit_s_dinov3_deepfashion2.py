# A ViT-S with DINOv3's features on DeepFashion2: one network for all 13 categories,
# whose landmarks share their channels where they are one place.
_base_ = [
    '../_base_/default_runtime.py',
    '../_base_/schedules/layer_decay_adamw_60e.py',
    '../_base_/datasets/deepfashion2_landmarks.py',
    '../_base_/models/vit_s_dinov3.py',
]

model = dict(head=dict(out_channels=294, share_places=True))

framing = [dict(type='GetBBoxCenterScale', padding=1.25)]
train_pipeline = [_base_.load, *framing, *_base_.seen_in_training]
val_pipeline = [_base_.load, *framing, _base_.crop, _base_.pack]
train_dataloader = dict(batch_size=32, dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=val_pipeline))
test_dataloader = dict(dataset=dict(pipeline=val_pipeline))

default_hooks = dict(
    checkpoint=dict(max_keep_ckpts=1, save_best='deepfashion2/AP', rule='greater')
)
