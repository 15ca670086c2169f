# The same weights look at crops of three sizes around the points of the first look.
_base_ = './starter.py'

model = dict(scales=(0.85, 1.0, 1.15))
