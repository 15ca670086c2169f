# CSPNeXt-m, the backbone of RTMPose-m, with MMPose's weights of key points of persons.
cspnext = dict(
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
