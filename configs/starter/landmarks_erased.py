# A further training of the starter's landmark network, with erased patches and averaged
# weights. It begins with those of starter/landmarks: --cfg-options load_from=FILE. The
# network that is shipped is a mean of its weights before and after: docs/starter.md.
_base_ = './landmarks.py'

erased_crop = [
    *_base_.framing,
    *_base_.augmentation,
    _base_.crop,
    *_base_.colours,
    dict(type='ErasedPatches'),
]
train_pipeline = [_base_.load, *erased_crop, _base_.targets, _base_.pack]
train_dataloader = dict(
    sampler=dict(num_samples=7680), dataset=dict(pipeline=train_pipeline)
)

train_cfg = dict(max_epochs=4)
optim_wrapper = dict(optimizer=dict(lr=6e-4))
custom_hooks = [
    *_base_.custom_hooks,
    dict(type='EMAHook', ema_type='ExponentialMovingAverage', momentum=0.004),
]
