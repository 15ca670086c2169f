# The CPN head over a plain ViT: a light pyramid gives it the four levels that it needs.
_base_ = './vit_s_dinov3_deepfashion2.py'

# Its losses, which are means over pixels, were made for heatmaps of this height.
codec = dict(_base_.codec, amplitude=100.0)
model = dict(
    neck=dict(type='SimplePyramid', in_channels=384, out_channels=256),
    head=dict(
        _delete_=True,
        type='CPNHead',
        in_channels=(256, 256, 256, 256),
        out_channels=294,
        loss_global=dict(type='VisibilityL1Loss'),
        loss_refined=dict(type='VisibilityL1Loss', hard_fraction=0.5),
        decoder=codec,
    ),
)
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
