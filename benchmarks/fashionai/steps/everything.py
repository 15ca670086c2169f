# All options at once: averaged weights, a loss on expected positions, erased patches,
# pieces of other garments, and crops of three sizes in the test.
_base_ = './coordinates.py'

train_pipeline = [
    _base_.load,
    *_base_.framing,
    *_base_.augmentation,
    _base_.crop,
    *_base_.colours,
    dict(type='PastedGarments'),
    dict(type='ErasedPatches'),
    _base_.targets,
    _base_.pack,
]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
model = dict(scales=(0.85, 1.0, 1.15))
average = dict(type='EMAHook', momentum=0.005)
custom_hooks = [*_base_.custom_hooks, average]
