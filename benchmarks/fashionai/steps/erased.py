# Patches of the crop are filled with noise.
_base_ = './starter.py'

train_pipeline = [
    _base_.load,
    *_base_.framing,
    *_base_.augmentation,
    _base_.crop,
    *_base_.colours,
    dict(type='ErasedPatches'),
    _base_.targets,
    _base_.pack,
]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
