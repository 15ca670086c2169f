# For converted weights: pictures as the published system prepares and mirrors them.
_base_ = [
    './cpn_r152_fashionai_blouse.py',
    './_base_/datasets/fashionai_gathierry.py',
]

model = dict(type='PaddedFlipEstimator')
val_dataloader = dict(dataset=dict(pipeline=_base_.gathierry_pipeline))
test_dataloader = dict(dataset=dict(pipeline=_base_.gathierry_pipeline))
