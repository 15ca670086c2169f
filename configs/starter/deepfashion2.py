# The starter on DeepFashion2: a network for all 13 categories, beside one that knows
# people's joints.
_base_ = ['./deepfashion2_light.py', '../_base_/models/joints.py']
load_from = 'starter://deepfashion2'

model = dict(backbone=_base_.joints_beside, head=_base_.head_with_joints)
