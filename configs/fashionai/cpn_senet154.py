# The same on SENet-154, the second network of the CPN system's ensemble.
_base_ = './cpn_r152.py'

model = dict(
    backbone=dict(
        _delete_=True,
        type='TimmFeatures',
        model_name='legacy_senet154',
        out_indices=(1, 2, 3, 4),
        pretrained=True,
    )
)
