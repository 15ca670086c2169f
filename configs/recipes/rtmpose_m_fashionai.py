# Only the points of a garment's own category are trained and decoded, as with heatmaps.
_base_ = ['./vit_s_dinov3_fashionai.py', '../_base_/models/rtmpose_m.py']

codec = dict(_base_.profiles, _delete_=True)
model = dict(backbone=_base_.backbone, head=dict(_base_.head, out_channels=24))
train_pipeline = [
    _base_.load,
    *_base_.framing,
    *_base_.augmentation,
    _base_.crop,
    *_base_.colours,
    _base_.targets_of_profiles,
    _base_.pack,
]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
