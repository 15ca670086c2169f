# Faster R-CNN with FPN: the two-stage detector for DeepFashion2.
_base_ = [
    'mmdet::faster_rcnn/faster-rcnn_r50_fpn_1x_coco.py',
    '../_base_/detection_runtime.py',
    '../_base_/datasets/deepfashion2_boxes.py',
]
model = dict(roi_head=dict(bbox_head=dict(num_classes=13)))

train_dataloader = dict(_base_.garment_loader, batch_size=8)
val_dataloader = dict(_base_.held_out_loader, batch_size=4)
test_dataloader = val_dataloader
val_evaluator = _base_.held_out_boxes
test_evaluator = _base_.held_out_boxes

# As many pictures as 12 epochs of COCO are 7 epochs of DeepFashion2's 191,961; the
# learning rate is 0.02 for 16 pictures a step, here 8.
max_epochs = 7
train_cfg = dict(max_epochs=max_epochs)
optim_wrapper = dict(optimizer=dict(lr=0.01))
param_scheduler = [
    dict(type='LinearLR', start_factor=0.001, by_epoch=False, begin=0, end=1000),
    dict(type='MultiStepLR', milestones=[5, 6], gamma=0.1, end=max_epochs),
]
auto_scale_lr = dict(base_batch_size=8)

default_hooks = dict(checkpoint=_base_.garment_checkpoints)
custom_hooks = _base_.garment_hooks
