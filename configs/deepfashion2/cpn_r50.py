# The FashionAI system's network, CPN on ResNet-50, in the recipe of the HRNet.
_base_ = './hrnet_w48.py'

# Its losses, which are means over pixels, were made for heatmaps of this height.
codec = dict(_base_.codec, amplitude=100.0)
model = dict(
    backbone=dict(
        _delete_=True,
        type='ResNet',
        depth=50,
        out_indices=(0, 1, 2, 3),
        init_cfg=dict(type='Pretrained', checkpoint='torchvision://resnet50'),
    ),
    head=dict(
        _delete_=True,
        type='CPNHead',
        in_channels=(256, 512, 1024, 2048),
        out_channels=None,
        loss_global=dict(type='VisibilityL1Loss'),
        loss_refined=dict(type='VisibilityL1Loss', hard_fraction=0.5),
        decoder=codec,
    ),
)
targets = dict(type='GenerateTarget', encoder=codec)
train_pipeline = [
    _base_.load,
    *_base_.augmentation,
    _base_.crop,
    targets,
    _base_.pack,
]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
