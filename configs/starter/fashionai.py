# The starter on FashionAI: a network for all five categories, beside one that knows
# people's joints.
_base_ = ['./fashionai_light.py', '../_base_/models/joints.py']
load_from = 'starter://fashionai'

model = dict(backbone=_base_.joints_beside, head=_base_.head_with_joints)
