# One narrow network for all five categories: 24 channels, of which each garment trains,
# and is decoded from, its own. The tops teach each other what they share.
_base_ = './cpn_r18.py'

model = dict(head=dict(out_channels=24))
