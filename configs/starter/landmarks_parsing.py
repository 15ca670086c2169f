# The starter's landmark network with human parsing beside joints. It goes on from the
# starter, which stays in it as it is, on drawings of `tools/make_starter.py`, which
# have such maps: what is learnt is all that reads them.
_base_ = ['./landmarks_erased.py', '../_base_/models/parsing.py']
load_from = 'starter://landmarks'

model = dict(
    data_preprocessor=dict(type='ParsingPreprocessor'),
    backbone=dict(**_base_.parsing_beside, frozen_levels=5, drop=0.3),
    head=dict(
        **_base_.head_with_parsing,
        frozen_channels=_base_.head_with_joints['lateral_channels'],
    ),
)
train_pipeline = [
    _base_.load,
    dict(type='LoadParsing'),
    *_base_.erased_crop,
    dict(type='AppendParsing'),
    _base_.targets,
    _base_.pack,
]
train_dataloader = dict(
    batch_size=16,
    sampler=dict(num_samples=12800),
    dataset=dict(pipeline=train_pipeline),
)
optim_wrapper = dict(
    optimizer=dict(lr=1.2e-3),
    paramwise_cfg=dict(
        custom_keys={
            'backbone.of_parsing': dict(lr_mult=1),
            # A weight that decays would not stay as it is.
            'head.laterals': dict(decay_mult=0),
        }
    ),
)
