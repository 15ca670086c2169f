# A second backbone beside that of a recipe's single-stage head: MoveNet, which knows
# people's joints in photographs, and stays as it is. Its weights are a file of a
# package of npm: docs/networks.md.
joints_beside = dict(
    type='FeaturesWithJoints',
    joints=dict(type='MoveNetFeatures', pretrained='movenet-lightning.json'),
)
head_with_joints = dict(type='LateralHeatmapHead', lateral_channels=(137, 24, 32, 320))
