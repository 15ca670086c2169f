# Our schedule: AdamW with a warm-up and a cosine; features that change slowly, with the
# statistics of photographs.
_base_ = './hrnet.py'

model = dict(backbone=dict(norm_eval=True))
optim_wrapper = dict(
    optimizer=dict(_delete_=True, type='AdamW', lr=2e-3, weight_decay=1e-2),
    paramwise_cfg=dict(custom_keys=dict(backbone=dict(lr_mult=0.4))),
)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.1, by_epoch=False, begin=0, end=100),
    dict(type='CosineAnnealingLR', eta_min=0, convert_to_iter_based=True),
]
