# For networks whose features come from elsewhere, on some thousand pictures. A recipe
# adds ChannelsLastHook.
train_cfg = dict(by_epoch=True, max_epochs=12, val_interval=4)
val_cfg = dict()
test_cfg = dict()

optim_wrapper = dict(
    optimizer=dict(type='AdamW', lr=2e-3, weight_decay=1e-2),
    # Features change slowly, or they forget the photographs.
    paramwise_cfg=dict(custom_keys=dict(backbone=dict(lr_mult=0.4))),
)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.1, by_epoch=False, begin=0, end=100),
    # To the end of the training, however long it is. A run that is resumed with more
    # epochs needs --override, which stretches the curve.
    dict(type='CosineAnnealingLR', eta_min=0, convert_to_iter_based=True),
]
