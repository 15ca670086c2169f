# MMPose's simple baseline, ResNet-50 at 256x192, in the recipe of the HRNet.
_base_ = './hrnet_w48.py'

codec = dict(_base_.codec, input_size=(192, 256), heatmap_size=(48, 64))
model = dict(
    backbone=dict(
        _delete_=True,
        type='ResNet',
        depth=50,
        init_cfg=dict(type='Pretrained', checkpoint='torchvision://resnet50'),
    ),
    head=dict(in_channels=2048, deconv_out_channels=(256, 256, 256), decoder=codec),
)

crop = dict(type='TopdownAffine', input_size=codec['input_size'])
targets = dict(type='GenerateTarget', encoder=codec)
train_pipeline = [_base_.load, *_base_.augmentation, crop, targets, _base_.pack]
val_pipeline = [_base_.load, *_base_.framing, crop, _base_.pack]
train_dataloader = dict(batch_size=32, dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(batch_size=64, dataset=dict(pipeline=val_pipeline))
test_dataloader = dict(batch_size=64, dataset=dict(pipeline=val_pipeline))
auto_scale_lr = dict(base_batch_size=32)
