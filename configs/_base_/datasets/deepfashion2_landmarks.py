# DeepFashion2 as data_converters/deepfashion2_to_coco.py writes it, beside the folders
# of the pictures as released. A recipe adds the pipelines; an entry may choose one
# category, or some.
data_root = 'data/deepfashion2/'
dataset_type = 'DeepFashion2GarmentDataset'
data_mode = 'topdown'

train_dataloader = dict(
    batch_size=8,
    num_workers=4,
    # Workers are restarted and seeded epoch by epoch, see EpochSeedHook.
    persistent_workers=False,
    worker_init_fn=dict(type='keep_worker_seed'),
    # The commonest category has more than thirty times the items of the rarest.
    sampler=dict(type='CategoryBalancedSampler', smoothing=0.02),
    dataset=dict(
        type=dataset_type,
        category=None,
        data_root=data_root,
        data_mode=data_mode,
        ann_file='train.json',
        data_prefix=dict(img='train/image/'),
        pipeline=[],
    ),
)
val_dataloader = dict(
    batch_size=32,
    num_workers=4,
    persistent_workers=False,
    drop_last=False,
    sampler=dict(type='DefaultSampler', shuffle=False, round_up=False),
    dataset=dict(
        type=dataset_type,
        category=None,
        data_root=data_root,
        data_mode=data_mode,
        ann_file='validation.json',
        data_prefix=dict(img='validation/image/'),
        test_mode=True,
        pipeline=[],
    ),
)
# The validation set: that of the challenge has no public annotations.
test_dataloader = val_dataloader

val_evaluator = dict(type='GarmentOKS')
test_evaluator = dict(type='GarmentOKS')
