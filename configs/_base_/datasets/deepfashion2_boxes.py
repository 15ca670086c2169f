# DeepFashion2 for MMDetection: what a detector's config adds to MMDetection's own.
garment_root = 'data/deepfashion2/'
garment_set = dict(
    type='GarmentBoxDataset',
    benchmark='deepfashion2',
    metainfo=dict(
        classes=(
            'short_sleeved_shirt',
            'long_sleeved_shirt',
            'short_sleeved_outwear',
            'long_sleeved_outwear',
            'vest',
            'sling',
            'shorts',
            'trousers',
            'skirt',
            'short_sleeved_dress',
            'long_sleeved_dress',
            'vest_dress',
            'sling_dress',
        )
    ),
    data_root=garment_root,
)
garment_loader = dict(
    # Workers are restarted and seeded epoch by epoch, see EpochSeedHook.
    persistent_workers=False,
    worker_init_fn=dict(type='keep_worker_seed'),
    num_workers=4,
    dataset=dict(
        ann_file='train.json', data_prefix=dict(img='train/image/'), **garment_set
    ),
)
held_out_loader = dict(
    persistent_workers=False,
    num_workers=4,
    batch_size=16,
    dataset=dict(
        ann_file='validation.json',
        data_prefix=dict(img='validation/image/'),
        **garment_set,
    ),
)
held_out_boxes = dict(ann_file=garment_root + 'validation.json')
