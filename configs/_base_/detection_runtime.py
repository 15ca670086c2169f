# What every detector's config adds to MMDetection's own runtime.
custom_imports = dict(
    imports=['fashion_mmpose.plugin', 'fashion_mmpose.datasets.garment_boxes'],
    allow_failed_imports=False,
)
# A fixed seed, so that a resumed run repeats the order of the data.
randomness = dict(seed=0)

garment_hooks = [
    dict(type='mmpose.EpochSeedHook'),
    dict(type='mmpose.ProgressBarHook'),
    dict(type='mmpose.FiniteLossHook'),
]
garment_checkpoints = dict(
    type='mmpose.ValidatedCheckpointHook',
    interval=1,
    max_keep_ckpts=3,
    save_best='coco/bbox_mAP',
    rule='greater',
)
