# The starter on DeepFashion2 with human parsing beside joints. A flip test parses a
# picture once.
_base_ = ['./deepfashion2_light.py', '../_base_/models/parsing.py']
load_from = 'starter://deepfashion2_parsing'

model = dict(
    type='MultiCropEstimator',
    backbone=_base_.parsing_beside,
    head=_base_.head_with_parsing,
)
