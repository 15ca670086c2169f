# A benchmark of one's own, bags, with a slim ResNet-18: docs/own-garments.md.
_base_ = '../small/res18_deepfashion2.py'

bags = dict(
    type='GarmentDataset',
    benchmark='{{ fileDirname }}/bags.yaml',
    data_root='data/bags/',
    one_per_image=True,
)
train_set = dict(bags, ann_file='train.json', data_prefix=dict(img='train/'))
val_set = dict(bags, ann_file='val.json', data_prefix=dict(img='val/'))
model = dict(head=dict(out_channels=7))
train_dataloader = dict(dataset=train_set)
val_dataloader = dict(dataset=val_set)
test_dataloader = dict(dataset=val_set)

val_evaluator = [dict(type='GarmentOKS'), dict(type='NormalizedError')]
test_evaluator = val_evaluator
default_hooks = dict(checkpoint=dict(save_best='bags/NE', rule='less'))
