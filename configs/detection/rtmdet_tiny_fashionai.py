# RTMDet-tiny, fine-tuned from COCO: the default for FashionAI.
_base_ = [
    'mmdet::rtmdet/rtmdet_tiny_8xb32-300e_coco.py',
    '../_base_/detection_runtime.py',
    '../_base_/models/rtmdet_fine_tuning.py',
    '../_base_/datasets/fashionai_boxes.py',
]
load_from = 'https://download.openmmlab.com/mmdetection/v3.0/rtmdet/rtmdet_tiny_8xb32-300e_coco/rtmdet_tiny_8xb32-300e_coco_20220902_112414-78e30dcc.pth'

# 300 epochs train COCO's 80 classes of all sizes from ImageNet weights. Here the
# network has learnt to find things and a picture shows one large garment: 20 epochs of
# some 50,000 pictures, the last 4 without mosaic and mix-up.
max_epochs = 20
mosaic_epochs = 16
base_lr = _base_.tuning_lr

model = dict(
    backbone=_base_.tuning_backbone,
    bbox_head=dict(num_classes=5),
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
