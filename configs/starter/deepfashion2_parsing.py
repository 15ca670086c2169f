# The starter on DeepFashion2 with human parsing beside joints.
_base_ = ['./deepfashion2_light.py', '../_base_/models/parsing.py']
load_from = 'starter://deepfashion2_parsing'

# Boxes of detectors cut garments off, so garments are looked at twice: in one and a
# half of their box, and in a crop around the points that were found there, for which
# the input has more pixels than a look.
model = dict(
    type='TwoPassEstimator',
    backbone=_base_.parsing_beside,
    head=_base_.head_with_parsing,
)
wide_framing = dict(type='GetBBoxCenterScale', padding=1.5)
wide_crop = dict(_base_.crop, input_size=(288, 384))
held_out = dict(pipeline=[_base_.load, wide_framing, wide_crop, _base_.pack])
val_dataloader = dict(dataset=held_out)
test_dataloader = dict(dataset=held_out)
