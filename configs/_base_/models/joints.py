# A second backbone beside that of a recipe's single-stage head: MoveNet, which knows
# people's joints in photographs, and stays as it is. The starter carries its weights.
joints_beside = dict(
    type='FeaturesWithJoints',
    joints=dict(
        type='MoveNetFeatures',
        init_cfg=dict(
            type='Pretrained',
            checkpoint='starter://landmarks',
            prefix='backbone.joints.',
        ),
    ),
)
head_with_joints = dict(type='LateralHeatmapHead', lateral_channels=(137, 24, 32, 320))
