# Garments of other sizes and places, turned further, in other colours.
_base_ = './shared.py'

train_pipeline = [_base_.load, *_base_.framing, *_base_.seen_in_training]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
