# For converted weights: tools/convert_checkpoint.py hrnet.
_base_ = './deepfashion2/hrnet_w48_svip.py'

model = dict(head=dict(out_channels=294))
