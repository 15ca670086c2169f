# RTMDet-s, fine-tuned from COCO: the default for DeepFashion2.
_base_ = [
    'mmdet::rtmdet/rtmdet_s_8xb32-300e_coco.py',
    '../_base_/detection_runtime.py',
    '../_base_/models/rtmdet_fine_tuning.py',
    '../_base_/datasets/deepfashion2_boxes.py',
]
load_from = 'https://download.openmmlab.com/mmdetection/v3.0/rtmdet/rtmdet_s_8xb32-300e_coco/rtmdet_s_8xb32-300e_coco_20220905_161602-387a891e.pth'

# 300 epochs train COCO's 80 classes of all sizes from ImageNet weights. Here the
# network has learnt to find things: 12 epochs of 191,961 pictures, the last 2 without
# mosaic and mix-up, are as many steps as 20 of COCO.
max_epochs = 12
mosaic_epochs = 10
base_lr = _base_.tuning_lr

model = dict(
    backbone=_base_.tuning_backbone,
    bbox_head=dict(num_classes=13),
)
train_dataloader = _base_.garment_loader
val_dataloader = _base_.held_out_loader
test_dataloader = _base_.held_out_loader
val_evaluator = _base_.held_out_boxes
test_evaluator = _base_.held_out_boxes

train_cfg = dict(max_epochs=max_epochs, val_interval=1, dynamic_intervals=None)
optim_wrapper = _base_.tuning_optim_wrapper
half = max_epochs // 2
param_scheduler = [
    _base_.tuning_warm_up,
    dict(_base_.tuning_cosine, begin=half, end=max_epochs, T_max=half),
]
auto_scale_lr = _base_.tuning_auto_scale_lr

default_hooks = dict(checkpoint=_base_.garment_checkpoints)
custom_hooks = [
    _base_.tuning_average,
    dict(
        type='PipelineSwitchHook',
        switch_epoch=mosaic_epochs,
        switch_pipeline=_base_.train_pipeline_stage2,
    ),
    *_base_.garment_hooks,
]
