# A slim RTMDet at 160x160, from scratch, and how it is trained: two CPU cores learn a
# few dozen pictures by heart in minutes. Laid over RTMDet-tiny or -s by the demo's
# configs.
slim_size = (160, 160)
slim_gray = dict(img=(114, 114, 114))
# With batches so small, batch norm finds boxes but hardly learns to tell categories
# apart: right for 0.4 of 40 drawn pictures at 128x128 after 600 steps at a
# learning rate of 2e-3; group norm, at 1e-3, for all.
slim_norm = dict(type='GN', num_groups=8)
slim_model = dict(
    backbone=dict(
        deepen_factor=0.167, widen_factor=0.25, norm_cfg=slim_norm, init_cfg=None
    ),
    neck=dict(in_channels=[64, 128, 256], out_channels=64, norm_cfg=slim_norm),
    bbox_head=dict(in_channels=64, feat_channels=64, norm_cfg=slim_norm),
)

# Steps on whole pictures, and what follows on the way to the input.
slim_start = [
    dict(type='LoadImageFromFile'),
    dict(type='LoadAnnotations', with_bbox=True),
    dict(type='Resize', scale=slim_size, keep_ratio=True),
]
slim_end = [
    dict(type='RandomFlip', prob=0.5),
    dict(type='Pad', size=slim_size, pad_val=slim_gray),
    dict(type='PackDetInputs'),
]
slim_train_pipeline = [*slim_start, *slim_end]
slim_test_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='Resize', scale=slim_size, keep_ratio=True),
    dict(type='Pad', size=slim_size, pad_val=slim_gray),
    dict(type='LoadAnnotations', with_bbox=True),
    dict(
        type='PackDetInputs',
        meta_keys=('img_id', 'img_path', 'ori_shape', 'img_shape', 'scale_factor'),
    ),
]
slim_train_loader = dict(
    batch_size=8, num_workers=1, dataset=dict(pipeline=slim_train_pipeline)
)
slim_test_loader = dict(num_workers=1, dataset=dict(pipeline=slim_test_pipeline))

slim_train_cfg = dict(max_epochs=120, val_interval=20)
slim_optim_wrapper = dict(optimizer=dict(lr=1e-3))
slim_param_scheduler = [
    dict(type='LinearLR', start_factor=0.1, by_epoch=False, begin=0, end=50),
    # To the end of the training, however long it is.
    dict(type='CosineAnnealingLR', eta_min=0, convert_to_iter_based=True),
]
slim_auto_scale_lr = dict(base_batch_size=8)
slim_checkpoints = dict(interval=20, max_keep_ckpts=1)
