# Narrow heatmaps that know points between cells, and their decoding, at 256x192, seen
# in training as the HRNet system sees them.
_base_ = '../../../configs/starter/deepfashion2_light.py'

load_from = None
model = dict(backbone=dict(pretrained='pypi'), head=dict(share_places=False))

turned = [
    dict(type='RandomMirror', prob=0.5),
    dict(
        type='RandomScaleRotation',
        scale_std=0.1,
        max_scale=0.1,
        degrees_std=15,
        max_degrees=30,
        rotation_prob=0.6,
    ),
]
train_pipeline = [
    _base_.load,
    *_base_.framing,
    *turned,
    _base_.crop,
    _base_.targets,
    _base_.pack,
]
train_dataloader = dict(
    # As in the row of the HRNet system.
    sampler=dict(_delete_=True, type='CategoryBalancedSampler', smoothing=1e9),
    dataset=dict(pipeline=train_pipeline),
)
