# A plain ViT-S with DINOv3's features and two deconvolutions, at 384x288. Laid over the
# data sets by the recipes in configs/recipes, which also put other backbones under it.
_base_ = '../augmentation.py'

codec = dict(
    type='PointHeatmap',
    input_size=(288, 384),
    heatmap_size=(72, 96),
    sigma=2.0,
    convention='centers',
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
    backbone=dict(
        type='TimmFeatures',
        model_name='vit_small_patch16_dinov3.lvd1689m',
        out_indices=(11,),
        pretrained=True,
        drop_path_rate=0.1,
    ),
    head=dict(
        type='PointHeatmapHead',
        in_channels=384,
        out_channels=None,
        deconv_out_channels=(256, 256),
        deconv_kernel_sizes=(4, 4),
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
