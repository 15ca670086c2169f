# The second network of a small ensemble: the same recipe with squeeze and excitation.
_base_ = './cpn_r18.py'

model = dict(
    backbone=dict(
        _delete_=True,
        type='TimmFeatures',
        model_name='resnet18',
        out_indices=(1, 2, 3, 4),
        channels=(16, 32, 64, 128),
        stem_type='deep',
        stem_width=8,
        block_args=dict(attn_layer='se'),
    )
)
