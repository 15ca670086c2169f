# The network of the DeepFashion2 HRNet: one for the landmarks of all 13 categories.
# https://github.com/svip-lab/HRNet-for-Fashion-Landmark-Estimation.PyTorch
codec = dict(
    type='PointHeatmap',
    input_size=(288, 384),
    heatmap_size=(72, 96),
    sigma=2.0,
    decode_mode='quarter',
)
model = dict(
    type='TopdownPoseEstimator',
    data_preprocessor=dict(
        type='PoseDataPreprocessor',
        # ImageNet's, of RGB, on pixels that stay BGR: the published weights need it so.
        mean=[123.675, 116.28, 103.53],
        std=[58.395, 57.12, 57.375],
        bgr_to_rgb=False,
    ),
    backbone=dict(
        type='HRNet',
        extra=dict(
            stage1=dict(
                num_modules=1,
                num_branches=1,
                block='BOTTLENECK',
                num_blocks=(4,),
                num_channels=(64,),
            ),
            stage2=dict(
                num_modules=1,
                num_branches=2,
                block='BASIC',
                num_blocks=(4, 4),
                num_channels=(48, 96),
            ),
            stage3=dict(
                num_modules=4,
                num_branches=3,
                block='BASIC',
                num_blocks=(4, 4, 4),
                num_channels=(48, 96, 192),
            ),
            stage4=dict(
                num_modules=3,
                num_branches=4,
                block='BASIC',
                num_blocks=(4, 4, 4, 4),
                num_channels=(48, 96, 192, 384),
            ),
        ),
    ),
    head=dict(
        type='PointHeatmapHead',
        in_channels=48,
        out_channels=294,
        deconv_out_channels=None,
        loss=dict(type='LabelledMSELoss'),
        decoder=codec,
    ),
    test_cfg=dict(flip_test=True, shift_heatmap=True),
)
