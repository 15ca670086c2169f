# The starter on DeepFashion2 with a second backbone, which knows people's joints.
_base_ = ['./deepfashion2.py', '../_base_/models/joints.py']

model = dict(backbone=_base_.joints_beside, head=_base_.head_with_joints)
