# RTMPose-m: CSPNeXt with MMPose's weights of key points of persons, and coordinates as
# profiles along x and y.
profiles = dict(type='PointSimCC', input_size=(288, 384), sigma=(6.0, 6.93))
backbone = dict(
    _delete_=True,
    type='CSPNeXt',
    arch='P5',
    expand_ratio=0.5,
    deepen_factor=0.67,
    widen_factor=0.75,
    out_indices=(4,),
    channel_attention=True,
    norm_cfg=dict(type='BN'),
    act_cfg=dict(type='SiLU'),
    init_cfg=dict(
        type='Pretrained',
        prefix='backbone.',
        checkpoint='https://download.openmmlab.com/mmpose/v1/projects/rtmposev1/'
        'cspnext-m_udp-aic-coco_210e-256x192-f2f7d6f6_20230130.pth',
    ),
)
head = dict(
    _delete_=True,
    type='PointSimCCHead',
    in_channels=768,
    final_layer_kernel_size=7,
    gau_cfg=dict(
        hidden_dims=256,
        s=128,
        expansion_factor=2,
        dropout_rate=0.0,
        drop_path=0.0,
        act_fn='SiLU',
        use_rel_bias=False,
        pos_enc=False,
    ),
    decoder=profiles,
)
targets_of_profiles = dict(type='GenerateTarget', encoder=profiles)
