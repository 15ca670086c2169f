# From the starter, which has learnt the landmarks of drawn garments.
_base_ = './augmentation.py'

load_from = 'starter://fashionai_light'
model = dict(backbone=dict(pretrained=False))
