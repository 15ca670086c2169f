# RTMDet-tiny, fine-tuned from COCO: the default for FashionAI.
_base_ = [
    'mmdet::rtmdet/rtmdet_tiny_8xb32-300e_coco.py',
    '../_base_/detection_runtime.py',
    '../_base_/datasets/fashionai_boxes.py',
]
load_from = 'https://download.openmmlab.com/mmdetection/v3.0/rtmdet/rtmdet_tiny_8xb32-300e_coco/rtmdet_tiny_8xb32-300e_coco_20220902_112414-78e30dcc.pth'

# 300 epochs train COCO's 80 classes of all sizes from ImageNet weights. Here the
# network has learnt to find things and a picture shows one large garment: 20 epochs of
# some 50,000 pictures, the last 4 without mosaic and mix-up.
max_epochs = 20
mosaic_epochs = 16
# 0.004 for 256 pictures a step, here 32.
base_lr = 0.0005

model = dict(
    # load_from brings the backbone's weights too.
    backbone=dict(init_cfg=None),
    bbox_head=dict(num_classes=5),
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
