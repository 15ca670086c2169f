# From the starter, which has learnt the landmarks of drawn garments.
_base_ = './augmentation.py'

load_from = 'starter://deepfashion2_light'
model = dict(backbone=dict(pretrained=False))
