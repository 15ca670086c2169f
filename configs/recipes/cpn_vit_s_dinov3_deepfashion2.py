_base_ = ['./vit_s_dinov3_deepfashion2.py', '../_base_/models/cpn_vit_s_dinov3.py']

codec = dict(_base_.codec, amplitude=100.0)
model = dict(neck=_base_.neck, head=dict(_base_.head, out_channels=294, decoder=codec))
train_pipeline = [
    _base_.load,
    *_base_.framing,
    *_base_.augmentation,
    _base_.crop,
    *_base_.colours,
    dict(type='GenerateTarget', encoder=codec),
    _base_.pack,
]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
