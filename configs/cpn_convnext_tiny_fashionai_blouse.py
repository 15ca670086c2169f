# Any network of timm, in the same recipe: its name, its levels and their channels.
_base_ = './cpn_r152_fashionai_blouse.py'

model = dict(
    backbone=dict(
        _delete_=True,
        type='TimmFeatures',
        model_name='convnext_tiny.in12k_ft_in1k',
        out_indices=(0, 1, 2, 3),
        pretrained=True,
    ),
    head=dict(in_channels=(96, 192, 384, 768)),
)
