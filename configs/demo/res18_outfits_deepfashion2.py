# An example: a half-width ResNet-18 on outfits of five categories, at 160x128, drawn by
# make demo.
_base_ = '../small/res18_deepfashion2.py'

codec = dict(
    _base_.codec,
    input_size=(128, 160),
    heatmap_size=(32, 40),
    sigma=1.5,
    blur_kernel_size=9,
)
model = dict(head=dict(decoder=codec))

crop = dict(type='TopdownAffine', input_size=codec['input_size'])
targets = dict(type='GenerateTarget', encoder=codec)
train_pipeline = [_base_.load, *_base_.augmentation, crop, targets, _base_.pack]
val_pipeline = [_base_.load, *_base_.framing, crop, _base_.pack]
outfits = dict(
    data_root='work_dirs/demo/outfits/',
    categories=[
        'short_sleeved_shirt',
        'long_sleeved_shirt',
        'shorts',
        'trousers',
        'skirt',
    ],
)
train_dataloader = dict(num_workers=1, dataset=dict(pipeline=train_pipeline, **outfits))
held_out = dict(pipeline=val_pipeline, **outfits)
val_dataloader = dict(num_workers=1, dataset=held_out)
test_dataloader = dict(num_workers=1, dataset=held_out)
train_cfg = dict(max_epochs=5, val_interval=5)
