# The starter's landmark network as it is shipped: beside features that have learnt
# drawings, it reads those of a network that knows people's joints. It goes on from what
# it is, or from what starter/landmarks has learnt: --cfg-options load_from=FILE.
_base_ = ['./landmarks_erased.py', '../_base_/models/joints.py']
load_from = 'starter://landmarks'

# Its own features stay as they are, and a part of the pictures comes without them.
model = dict(
    backbone=dict(**_base_.joints_beside, frozen_levels=5, drop=0.3),
    head=_base_.head_with_joints,
)
