# With a second backbone, which knows people's joints. The benchmark names its weights.
_base_ = ['./starter.py', '../../../configs/_base_/models/joints.py']

model = dict(backbone=_base_.joints_beside, head=_base_.head_with_joints)
