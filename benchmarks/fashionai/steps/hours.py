# The starter on some thousand photographs over hours, with what may keep a training
# that sees each picture many times from learning them by heart: pieces of other
# garments and patches of noise over the crop, and averaged weights.
_base_ = '../../../configs/starter/fashionai_light.py'

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

train_cfg = dict(max_epochs=20)
average = dict(type='EMAHook', ema_type='ExponentialMovingAverage', momentum=0.004)
custom_hooks = [*_base_.custom_hooks, average]
