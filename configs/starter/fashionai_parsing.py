# The starter on FashionAI with human parsing beside joints, which begins as the
# starter: maps of photographs come from the parser.
_base_ = ['./fashionai_light.py', '../_base_/models/parsing.py']
load_from = 'starter://fashionai'

model = dict(backbone=_base_.parsing_beside, head=_base_.head_with_parsing)
