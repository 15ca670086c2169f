# A detector of bags, a benchmark of one's own: docs/own-garments.md.
_base_ = '../detection/rtmdet_demo_fashionai.py'

# The classes are the categories of the benchmark.
bags = dict(
    benchmark='{{ fileDirname }}/bags.yaml',
    metainfo=None,
    data_root='data/bags/',
)
train_set = dict(bags, ann_file='train.json', data_prefix=dict(img='train/'))
val_set = dict(bags, ann_file='val.json', data_prefix=dict(img='val/'))
model = dict(bbox_head=dict(num_classes=2))
train_dataloader = dict(dataset=train_set)
val_dataloader = dict(dataset=val_set)
test_dataloader = dict(dataset=val_set)
val_evaluator = dict(ann_file='data/bags/val.json')
test_evaluator = dict(ann_file='data/bags/val.json')
