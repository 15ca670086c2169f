# HRNet-W48 at 384x288, as the DeepFashion2 HRNet. An entry sets head.out_channels.
codec = dict(
    type='PointHeatmap',
    input_size=(288, 384),
    heatmap_size=(72, 96),
    sigma=2.0,
    # Gaussians about the points themselves, and a Newton step back to them. The
    # published system rounds to cells and steps by a quarter; a cell is wider than
    # what the strictest thresholds of the score forgive at a neckline.
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
        init_cfg=dict(
            type='Pretrained',
            checkpoint='https://download.openmmlab.com/mmpose/pretrain_models/'
            'hrnet_w48-8ef0771d.pth',
        ),
    ),
    head=dict(
        type='PointHeatmapHead',
        in_channels=48,
        out_channels=None,
        deconv_out_channels=None,
        loss=dict(type='LabelledMSELoss'),
        decoder=codec,
    ),
    test_cfg=dict(flip_test=True, shift_heatmap=True),
)
