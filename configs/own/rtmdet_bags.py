# A detector of bags, a benchmark of one's own: docs/own-garments.md.
_base_ = '../detection/rtmdet_demo_fashionai.py'

# The classes are the categories of the benchmark.
bags = dict(
    benchmark='{{ fileDirname }}/bags.yaml',
    metainfo=None,
    data_root='data/bags/',
    data_prefix=dict(img='images/'),
)
model = dict(bbox_head=dict(num_classes=2))
train_dataloader = dict(dataset=dict(bags, ann_file='train.json'))
val_dataloader = dict(dataset=dict(bags, ann_file='val.json'))
test_dataloader = dict(dataset=dict(bags, ann_file='val.json'))
val_evaluator = dict(ann_file='data/bags/val.json')
test_evaluator = dict(ann_file='data/bags/val.json')
