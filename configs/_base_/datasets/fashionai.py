# FashionAI as data_converters/fashionai_to_coco.py writes it. The dataset fills in
# {category}; a recipe adds the pipelines, an entry the category.
data_root = 'data/fashionai/'
dataset_type = 'FashionAIDataset'
data_mode = 'topdown'

train_dataloader = dict(
    batch_size=6,
    num_workers=4,
    # Workers are restarted and seeded epoch by epoch, see EpochSeedHook.
    persistent_workers=False,
    worker_init_fn=dict(type='keep_worker_seed'),
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(
        type=dataset_type,
        category=None,
        data_root=data_root,
        data_mode=data_mode,
        ann_file='annotations/train_{category}.json',
        data_prefix=dict(img=''),
        bbox_source='image',
        pipeline=[],
    ),
)
val_dataloader = dict(
    batch_size=16,
    num_workers=4,
    persistent_workers=False,
    drop_last=False,
    sampler=dict(type='DefaultSampler', shuffle=False, round_up=False),
    dataset=dict(
        type=dataset_type,
        category=None,
        data_root=data_root,
        data_mode=data_mode,
        ann_file='annotations/val_{category}.json',
        data_prefix=dict(img=''),
        bbox_source='image',
        test_mode=True,
        pipeline=[],
    ),
)
test_dataloader = val_dataloader

val_evaluator = dict(type='NormalizedError')
test_evaluator = dict(type='NormalizedError', per_keypoint=True)
