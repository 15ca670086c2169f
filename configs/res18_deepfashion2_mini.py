# The first 32 pictures by heart, to see in minutes on a CPU that everything works.
_base_ = './small/res18_deepfashion2.py'

pipeline = [_base_.load, *_base_.framing, _base_.crop, _base_.targets, _base_.pack]
few = dict(ann_file='train_32.json', data_prefix=dict(img='train/image/'))
train_dataloader = dict(dataset=dict(pipeline=pipeline, **few))
val_dataloader = dict(dataset=few)
test_dataloader = dict(dataset=few)
# It sees no mirror images when it learns.
model = dict(test_cfg=dict(flip_test=False))
train_cfg = dict(max_epochs=120, val_interval=40)
default_hooks = dict(checkpoint=dict(interval=40))
