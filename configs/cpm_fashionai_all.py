# One network for all five categories: 24 channels, of which each garment trains,
# and is decoded from, its own.
_base_ = './fashionai/cpm.py'

model = dict(head=dict(out_channels=24))
