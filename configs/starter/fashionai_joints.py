# The starter on FashionAI with a second backbone, which knows people's joints.
_base_ = ['./fashionai.py', '../_base_/models/joints.py']

model = dict(backbone=_base_.joints_beside, head=_base_.head_with_joints)
