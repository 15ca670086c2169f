# Our head, narrow heatmaps that know points between cells, and their decoding, on whole
# pictures at 256x192, seen in training as the CPN system sees them.
_base_ = '../../../configs/starter/fashionai_light.py'

load_from = None
model = dict(type='TopdownPoseEstimator', backbone=dict(pretrained='pypi'))

turned = [
    dict(type='RandomMirror', prob=0.5),
    dict(type='RandomRotation', max_degrees=30),
]
train_pipeline = [
    _base_.load,
    *_base_.framing,
    *turned,
    _base_.crop,
    _base_.targets,
    _base_.pack,
]
val_pipeline = [_base_.load, *_base_.framing, _base_.crop, _base_.pack]
train_dataloader = dict(
    # As in the row of the CPN system.
    sampler=dict(_delete_=True, type='CategoryBalancedSampler', smoothing=1e9),
    dataset=dict(pipeline=train_pipeline),
)
val_dataloader = dict(dataset=dict(pipeline=val_pipeline))
test_dataloader = dict(dataset=dict(pipeline=val_pipeline))
