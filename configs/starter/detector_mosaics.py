# A further training of the starter's detector, in mosaics of several drawn outfits and
# behind grey patches. The detector that is shipped is a mean of its weights before and
# after, see docs/starter.md.
_base_ = './detector.py'

load_from = 'starter://detector'
train_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='LoadAnnotations', with_bbox=True),
    dict(
        type='CachedMosaic',
        img_scale=_base_.size,
        pad_val=127.0,
        max_cached_images=20,
        prob=0.3,
    ),
    *_base_.augmentation,
    dict(
        type='CutOut',
        n_holes=(0, 4),
        cutout_shape=[(16, 16), (32, 32), (48, 32), (24, 64)],
        fill_in=(127, 127, 127),
    ),
    dict(type='PackDetInputs'),
]
train_dataloader = dict(
    dataset=dict(
        ann_file='more.json',
        data_prefix=dict(img='more/image/'),
        pipeline=train_pipeline,
    )
)

max_epochs = 5
train_cfg = dict(max_epochs=max_epochs)
optim_wrapper = dict(optimizer=dict(lr=6e-4))
custom_hooks = [
    *_base_.custom_hooks,
    dict(type='EMAHook', ema_type='ExponentialMovingAverage', momentum=0.002),
]
