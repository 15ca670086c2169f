# The same weights look twice: at the whole picture, and at a crop around the points of
# the first look.
_base_ = './head.py'

model = dict(type='TwoPassEstimator')
val_pipeline = [_base_.load, *_base_.framing, _base_.picture, _base_.pack]
val_dataloader = dict(dataset=dict(pipeline=val_pipeline))
test_dataloader = dict(dataset=dict(pipeline=val_pipeline))
