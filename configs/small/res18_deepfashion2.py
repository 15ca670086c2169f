# A slim ResNet-18 at 256x192 for all categories of DeepFashion2, from scratch: a laptop
# trains it on drawn pictures.
_base_ = [
    '../_base_/default_runtime.py',
    '../_base_/schedules/small_adamw_20e.py',
    '../_base_/datasets/deepfashion2_landmarks.py',
]

codec = dict(
    type='PointHeatmap',
    input_size=(192, 256),
    heatmap_size=(48, 64),
    sigma=2.0,
    decode_mode='dark',
    blur_kernel_size=11,
)
model = dict(
    type='TopdownPoseEstimator',
    data_preprocessor=dict(
        type='PoseDataPreprocessor',
        mean=[123.675, 116.28, 103.53],
        std=[58.395, 57.12, 57.375],
        bgr_to_rgb=True,
    ),
    backbone=dict(type='ResNet', depth=18, stem_channels=32, base_channels=32),
    head=dict(
        type='PointHeatmapHead',
        in_channels=256,
        out_channels=294,
        deconv_out_channels=(64, 64, 64),
        decoder=codec,
    ),
    test_cfg=dict(flip_test=True, shift_heatmap=True),
)

# What a garment's box goes through on its way to the crop.
framing = [dict(type='GetBBoxCenterScale', padding=1.25)]
augmentation = [
    *framing,
    dict(type='RandomMirror', prob=0.5),
    dict(
        type='RandomBBoxTransform',
        shift_factor=0.05,
        shift_prob=0.5,
        scale_factor=(0.9, 1.1),
        rotate_factor=20,
    ),
]
load = dict(type='LoadImage')
crop = dict(type='TopdownAffine', input_size=codec['input_size'])
targets = dict(type='GenerateTarget', encoder=codec)
pack = dict(type='PackGarmentInputs')
train_pipeline = [load, *augmentation, crop, targets, pack]
val_pipeline = [load, *framing, crop, pack]
train_dataloader = dict(num_workers=2, dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(num_workers=2, dataset=dict(pipeline=val_pipeline))
test_dataloader = dict(num_workers=2, dataset=dict(pipeline=val_pipeline))

custom_hooks = [
    dict(type='EpochSeedHook'),
    dict(type='ProgressBarHook'),
    dict(type='ChannelsLastHook'),
]
default_hooks = dict(
    checkpoint=dict(max_keep_ckpts=1, save_best='deepfashion2/AP', rule='greater'),
    logger=dict(interval=20),
)
