# The network of the FashionAI CPM system. An entry sets head.out_channels.
codec = dict(
    type='PointHeatmap',
    input_size=(256, 256),
    heatmap_size=(32, 32),
    sigma=1.0,
    # A cell is eight pixels wide: positions between cells are worth more than the
    # published arg max.
    decode_mode='dark',
    blur_kernel_size=3,
)
model = dict(
    type='TopdownPoseEstimator',
    data_preprocessor=dict(
        type='PoseDataPreprocessor',
        # (x / 255 - 0.5) * 2
        mean=[127.5, 127.5, 127.5],
        std=[127.5, 127.5, 127.5],
        bgr_to_rgb=True,
    ),
    backbone=dict(type='CPMVGG'),
    head=dict(
        type='CPMRefineHead',
        in_channels=128,
        out_channels=None,
        num_stages=6,
        with_background=True,
        loss=dict(type='LabelledMSELoss'),
        decoder=codec,
    ),
    test_cfg=dict(flip_test=True, shift_heatmap=True),
)
