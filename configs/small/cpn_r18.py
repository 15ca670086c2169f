# A narrow ResNet-18 CPN at 128x128, from scratch: a laptop trains it in minutes. The
# garment is cropped to its annotated box, so that it fills the small input.
_base_ = [
    '../_base_/default_runtime.py',
    '../_base_/schedules/small_adamw_20e.py',
    '../_base_/datasets/fashionai.py',
]

codec = dict(
    type='PointHeatmap',
    input_size=(128, 128),
    heatmap_size=(32, 32),
    sigma=2.0,
    amplitude=100.0,
    decode_mode='dark',
    blur_kernel_size=7,
)
model = dict(
    type='TopdownPoseEstimator',
    data_preprocessor=dict(
        type='PoseDataPreprocessor',
        mean=[165.75, 165.75, 165.75],
        std=[63.75, 63.75, 63.75],
        bgr_to_rgb=True,
    ),
    backbone=dict(
        type='ResNet',
        depth=18,
        stem_channels=16,
        base_channels=16,
        out_indices=(0, 1, 2, 3),
    ),
    head=dict(
        type='CPNHead',
        in_channels=(16, 32, 64, 128),
        out_channels=None,
        channels=32,
        decoder=codec,
    ),
    test_cfg=dict(flip_test=True, shift_heatmap=True),
)

train_pipeline = [
    dict(type='LoadImage'),
    dict(type='GetBBoxCenterScale', padding=1.1),
    dict(type='RandomMirror', prob=0.5),
    dict(
        type='RandomBBoxTransform',
        shift_factor=0.05,
        shift_prob=0.5,
        scale_factor=(0.9, 1.1),
        rotate_factor=20,
    ),
    dict(type='TopdownAffine', input_size=codec['input_size']),
    dict(type='GenerateTarget', encoder=codec),
    dict(type='PackGarmentInputs'),
]
val_pipeline = [
    dict(type='LoadImage'),
    dict(type='GetBBoxCenterScale', padding=1.1),
    dict(type='TopdownAffine', input_size=codec['input_size']),
    dict(type='PackGarmentInputs'),
]
train_dataloader = dict(
    batch_size=8,
    num_workers=2,
    dataset=dict(pipeline=train_pipeline, bbox_source='annotation'),
)
held_out = dict(pipeline=val_pipeline, bbox_source='annotation')
val_dataloader = dict(batch_size=32, num_workers=2, dataset=held_out)
test_dataloader = dict(
    batch_size=32,
    num_workers=2,
    dataset=dict(ann_file='annotations/test_{category}.json', **held_out),
)

custom_hooks = [
    dict(type='EpochSeedHook'),
    dict(type='ProgressBarHook'),
    dict(type='ChannelsLastHook'),
]
default_hooks = dict(
    checkpoint=dict(max_keep_ckpts=1, save_best='fashionai/NE', rule='less'),
    logger=dict(interval=20),
)
visualizer = dict(
    vis_backends=[dict(type='LocalVisBackend'), dict(type='TensorboardVisBackend')]
)
