# The starter's landmark network, EfficientNet-Lite0 at 256x192. Laid over the data sets
# by the recipes in configs/starter.
_base_ = '../augmentation.py'

codec = dict(
    type='PointHeatmap',
    input_size=(192, 256),
    heatmap_size=(48, 64),
    sigma=2.0,
    convention='centers',
    decode_mode='dark',
    blur_kernel_size=11,
)
model = dict(
    type='TopdownPoseEstimator',
    data_preprocessor=dict(
        type='PoseDataPreprocessor',
        mean=[127.0, 127.0, 127.0],
        std=[128.0, 128.0, 128.0],
        bgr_to_rgb=True,
    ),
    backbone=dict(
        type='TimmFeatures',
        model_name='tf_efficientnet_lite0',
        out_indices=(1, 2, 3, 4),
        # The statistics of photographs stay those of photographs.
        norm_eval=True,
    ),
    head=dict(
        type='PointHeatmapHead',
        in_channels=320,
        out_channels=None,
        deconv_out_channels=(192, 192, 192),
        decoder=codec,
    ),
    test_cfg=dict(flip_test=True, shift_heatmap=False),
)

crop = dict(type='TopdownAffine', input_size=codec['input_size'])
targets = dict(type='GenerateTarget', encoder=codec)
# What follows the framing, which is the recipe's.
seen_in_training = [
    *_base_.augmentation,
    crop,
    *_base_.colours,
    targets,
    _base_.pack,
]
