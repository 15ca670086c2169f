# For features that were learnt on many pictures: the deeper a layer, the slower it
# learns, down to 0.75 ** 13 of the rate in a ViT of 12 blocks.
train_cfg = dict(by_epoch=True, max_epochs=60, val_interval=5)
val_cfg = dict()
test_cfg = dict()

optim_wrapper = dict(
    optimizer=dict(type='AdamW', lr=5e-4, weight_decay=0.05),
    constructor='LayerDecayConstructor',
    paramwise_cfg=dict(layer_decay=0.75),
    clip_grad=dict(max_norm=1.0),
)
param_scheduler = [
    dict(type='LinearLR', start_factor=1e-3, by_epoch=False, begin=0, end=500),
    # To the end of the training, however long it is. A run that is resumed with more
    # epochs needs --override, which stretches the curve.
    dict(type='CosineAnnealingLR', eta_min=0, convert_to_iter_based=True),
]
