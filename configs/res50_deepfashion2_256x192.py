# One network for all 13 categories: 294 channels, of which each garment trains, and is
# decoded from, its own.
_base_ = './deepfashion2/res50.py'

model = dict(head=dict(out_channels=294))
