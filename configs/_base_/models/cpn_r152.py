# The network of the FashionAI CPN system. An entry sets head.out_channels.
codec = dict(
    type='PointHeatmap',
    input_size=(512, 512),
    heatmap_size=(128, 128),
    sigma=8.0,
    amplitude=100.0,
    convention='cpn',
    decode_mode='second_max',
    blur_kernel_size=5,
    blur_sigma=1.0,
    shift=2.0,
    # The system compares the variance of the sum of two maps, the picture's and its
    # mirror image's, with 1; the mean of two has a quarter of that.
    min_variance=0.25,
)
model = dict(
    type='TopdownPoseEstimator',
    data_preprocessor=dict(
        type='PoseDataPreprocessor',
        # x / 255, minus 0.65, over 0.25, the same for all channels
        mean=[165.75, 165.75, 165.75],
        std=[63.75, 63.75, 63.75],
        bgr_to_rgb=True,
    ),
    backbone=dict(
        type='ResNet',
        depth=152,
        out_indices=(0, 1, 2, 3),
        init_cfg=dict(type='Pretrained', checkpoint='torchvision://resnet152'),
    ),
    head=dict(
        type='CPNHead',
        in_channels=(256, 512, 1024, 2048),
        out_channels=None,
        loss_global=dict(type='VisibilityL1Loss'),
        loss_refined=dict(type='VisibilityL1Loss', hard_fraction=0.5),
        decoder=codec,
    ),
    test_cfg=dict(flip_test=True, shift_heatmap=False),
)
