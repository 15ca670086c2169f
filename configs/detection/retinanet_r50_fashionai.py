# RetinaNet, one class per category: the detector of the FashionAI CPN system, which
# has it on a ResNet-101.
_base_ = [
    'mmdet::retinanet/retinanet_r50_fpn_1x_coco.py',
    '../_base_/detection_runtime.py',
    '../_base_/datasets/fashionai_boxes.py',
]
# The pictures' own size: COCO's 1333x800 enlarges them threefold, but a garment fills
# most of a picture.
scale = (512, 512)
train_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='LoadAnnotations', with_bbox=True),
    dict(type='RandomResize', scale=scale, ratio_range=(0.75, 1.25), keep_ratio=True),
    dict(type='RandomFlip', prob=0.5),
    dict(type='PackDetInputs'),
]
test_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='Resize', scale=scale, keep_ratio=True),
    dict(type='LoadAnnotations', with_bbox=True),
    dict(
        type='PackDetInputs',
        meta_keys=('img_id', 'img_path', 'ori_shape', 'img_shape', 'scale_factor'),
    ),
]
model = dict(bbox_head=dict(num_classes=5))
train_set = dict(pipeline=train_pipeline, **_base_.garment_loader.dataset)
held_out = dict(pipeline=test_pipeline, **_base_.held_out_loader.dataset)
train_dataloader = dict(_base_.garment_loader, batch_size=16, dataset=train_set)
val_dataloader = dict(_base_.held_out_loader, dataset=held_out)
test_dataloader = val_dataloader
val_evaluator = _base_.held_out_boxes
test_evaluator = _base_.held_out_boxes

# MMDetection's 12 epochs and rates, for 16 pictures a step: some 37,000 steps.
auto_scale_lr = dict(base_batch_size=16)
default_hooks = dict(checkpoint=_base_.garment_checkpoints)
custom_hooks = _base_.garment_hooks
