# The starter's landmark network with human parsing beside joints. It goes on from the
# starter, on drawings of `tools/make_starter.py --only-parsing`.
_base_ = ['./landmarks_erased.py', '../_base_/models/parsing.py']
load_from = 'starter://landmarks'

model = dict(
    data_preprocessor=dict(type='ParsingPreprocessor'),
    backbone=dict(**_base_.parsing_beside, frozen_levels=5, drop=0.3),
    head=_base_.head_with_parsing,
)
train_pipeline = [
    _base_.load,
    dict(type='LoadParsing'),
    *_base_.erased_crop,
    dict(type='AppendParsing'),
    _base_.targets,
    _base_.pack,
]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
optim_wrapper = dict(
    paramwise_cfg=dict(custom_keys={'backbone.of_parsing': dict(lr_mult=1)})
)
