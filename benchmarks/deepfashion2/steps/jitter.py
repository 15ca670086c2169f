# Every second garment is seen in a box as a detector would give it. The benchmark names
# the detector's boxes.
_base_ = './starter.py'

jitter = dict(type='DetectedBoxJitter', bbox_file=None, ann_file=None)
train_pipeline = [_base_.load, jitter, *_base_.framing, *_base_.seen_in_training]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
