# RTMDet-s, fine-tuned from COCO: the default for DeepFashion2.
_base_ = [
    'mmdet::rtmdet/rtmdet_s_8xb32-300e_coco.py',
    '../_base_/detection_runtime.py',
    '../_base_/datasets/deepfashion2_boxes.py',
]
load_from = 'https://download.openmmlab.com/mmdetection/v3.0/rtmdet/rtmdet_s_8xb32-300e_coco/rtmdet_s_8xb32-300e_coco_20220905_161602-387a891e.pth'

# 300 epochs train COCO's 80 classes of all sizes from ImageNet weights. Here the
# network has learnt to find things: 12 epochs of 191,961 pictures, the last 2 without
# mosaic and mix-up, are as many steps as 20 of COCO.
max_epochs = 12
mosaic_epochs = 10
# 0.004 for 256 pictures a step, here 32.
base_lr = 0.0005

model = dict(
    # load_from brings the backbone's weights too.
    backbone=dict(init_cfg=None),
    bbox_head=dict(num_classes=13),
)
train_dataloader = _base_.garment_loader
val_dataloader = _base_.held_out_loader
test_dataloader = _base_.held_out_loader
val_evaluator = _base_.held_out_boxes
test_evaluator = _base_.held_out_boxes

train_cfg = dict(max_epochs=max_epochs, val_interval=1, dynamic_intervals=None)
optim_wrapper = dict(optimizer=dict(lr=base_lr))
param_scheduler = [
    dict(type='LinearLR', start_factor=1e-3, by_epoch=False, begin=0, end=1000),
    dict(
        type='CosineAnnealingLR',
        eta_min=base_lr / 20,
        begin=max_epochs // 2,
        end=max_epochs,
        T_max=max_epochs // 2,
        convert_to_iter_based=True,
    ),
]
auto_scale_lr = dict(base_batch_size=32)

default_hooks = dict(checkpoint=_base_.garment_checkpoints)
custom_hooks = [
    dict(
        type='EMAHook',
        ema_type='ExpMomentumEMA',
        momentum=0.0002,
        update_buffers=True,
        priority=49,
    ),
    dict(
        type='PipelineSwitchHook',
        switch_epoch=mosaic_epochs,
        switch_pipeline=_base_.train_pipeline_stage2,
    ),
    *_base_.garment_hooks,
]
