# A ViT-S with DINOv3's features on FashionAI: one network for all five categories,
# whole pictures.
_base_ = [
    '../_base_/default_runtime.py',
    '../_base_/schedules/layer_decay_adamw_60e.py',
    '../_base_/datasets/fashionai.py',
    '../_base_/models/vit_s_dinov3.py',
]

model = dict(head=dict(out_channels=24))

framing = [dict(type='GetBBoxCenterScale', padding=1.0)]
train_pipeline = [_base_.load, *framing, *_base_.seen_in_training]
val_pipeline = [_base_.load, *framing, _base_.crop, _base_.pack]
train_dataloader = dict(batch_size=32, dataset=dict(pipeline=train_pipeline))
held_out = dict(pipeline=val_pipeline)
val_dataloader = dict(batch_size=32, dataset=held_out)
test_dataloader = dict(
    batch_size=32, dataset=dict(ann_file='annotations/test_{category}.json', **held_out)
)

default_hooks = dict(
    checkpoint=dict(max_keep_ckpts=1, save_best='fashionai/NE', rule='less')
)
