# HRFormer-S, MMPose's, with the ImageNet weights that MMPose gives for it. Its maps
# keep their resolution, so that the head needs no deconvolution.
hrformer_stage = dict(num_modules=1, block='HRFORMERBLOCK')
backbone = dict(
    _delete_=True,
    type='HRFormer',
    in_channels=3,
    norm_cfg=dict(type='SyncBN', requires_grad=True),
    extra=dict(
        drop_path_rate=0.1,
        with_rpe=True,
        stage1=dict(
            num_modules=1,
            num_branches=1,
            block='BOTTLENECK',
            num_blocks=(2,),
            num_channels=(64,),
            num_heads=[2],
            num_mlp_ratios=[4],
        ),
        stage2=dict(
            hrformer_stage,
            num_branches=2,
            num_blocks=(2, 2),
            num_channels=(32, 64),
            num_heads=[1, 2],
            mlp_ratios=[4, 4],
            window_sizes=[7, 7],
        ),
        stage3=dict(
            hrformer_stage,
            num_modules=4,
            num_branches=3,
            num_blocks=(2, 2, 2),
            num_channels=(32, 64, 128),
            num_heads=[1, 2, 4],
            mlp_ratios=[4, 4, 4],
            window_sizes=[7, 7, 7],
        ),
        stage4=dict(
            hrformer_stage,
            num_modules=2,
            num_branches=4,
            num_blocks=(2, 2, 2, 2),
            num_channels=(32, 64, 128, 256),
            num_heads=[1, 2, 4, 8],
            mlp_ratios=[4, 4, 4, 4],
            window_sizes=[7, 7, 7, 7],
        ),
    ),
    init_cfg=dict(
        type='Pretrained',
        checkpoint='https://download.openmmlab.com/mmpose/pretrain_models/'
        'hrformer_small-09516375_20220226.pth',
    ),
)
parts = dict(
    backbone=backbone,
    head=dict(in_channels=32, deconv_out_channels=None, deconv_kernel_sizes=None),
)
