# Landmarks that are one place in several categories have one channel.
_base_ = './head.py'

model = dict(head=dict(share_places=True))
