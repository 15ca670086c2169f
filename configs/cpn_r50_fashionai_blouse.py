# Another backbone is a few lines. One whose levels have other channels also sets
# head.in_channels.
_base_ = './cpn_r152_fashionai_blouse.py'

model = dict(
    backbone=dict(depth=50, init_cfg=dict(checkpoint='torchvision://resnet50'))
)
