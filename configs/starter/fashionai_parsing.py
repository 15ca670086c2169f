# The starter on FashionAI with human parsing beside joints.
_base_ = ['./fashionai_light.py', '../_base_/models/parsing.py']
load_from = 'starter://fashionai_parsing'

model = dict(backbone=_base_.parsing_beside, head=_base_.head_with_parsing)
