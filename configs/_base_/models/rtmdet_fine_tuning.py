# How an RTMDet that knows COCO learns garments: what its recipes add to MMDetection's
# own. A recipe sets the number of epochs, and which of them have mosaic and mix-up.
# 0.004 for 256 pictures a step, here 32.
tuning_lr = 0.0005
tuning_optim_wrapper = dict(optimizer=dict(lr=tuning_lr))
tuning_auto_scale_lr = dict(base_batch_size=32)
tuning_warm_up = dict(
    type='LinearLR', start_factor=1e-3, by_epoch=False, begin=0, end=1000
)
# For the second half of the epochs.
tuning_cosine = dict(
    type='CosineAnnealingLR', eta_min=tuning_lr / 20, convert_to_iter_based=True
)
# load_from brings the backbone's weights too.
tuning_backbone = dict(init_cfg=None)
tuning_average = dict(
    type='EMAHook',
    ema_type='ExpMomentumEMA',
    momentum=0.0002,
    update_buffers=True,
    priority=49,
)
