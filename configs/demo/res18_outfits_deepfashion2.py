# The demo: a half-width ResNet-18 on drawn outfits of five categories.
_base_ = '../small/res18_deepfashion2.py'

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
train_dataloader = dict(num_workers=1, dataset=outfits)
val_dataloader = dict(num_workers=1, dataset=outfits)
test_dataloader = dict(num_workers=1, dataset=outfits)
train_cfg = dict(max_epochs=5, val_interval=5)
