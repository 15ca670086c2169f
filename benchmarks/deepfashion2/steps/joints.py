# With a second backbone, which knows people's joints: the starter as it is.
_base_ = ['./starter.py', '../../../configs/_base_/models/joints.py']

load_from = 'starter://deepfashion2'
model = dict(backbone=_base_.joints_beside, head=_base_.head_with_joints)
