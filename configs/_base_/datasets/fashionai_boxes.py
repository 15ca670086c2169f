# FashionAI for MMDetection: what a detector's config adds to MMDetection's own. A
# picture has one box, the extent of its garment's points grown by 10 px.
garment_root = 'data/fashionai/'
garment_set = dict(
    type='GarmentBoxDataset',
    benchmark='fashionai',
    metainfo=dict(classes=('blouse', 'outwear', 'dress', 'skirt', 'trousers')),
    data_root=garment_root,
    data_prefix=dict(img=''),
)
garment_loader = dict(
    # Workers are restarted and seeded epoch by epoch, see EpochSeedHook.
    persistent_workers=False,
    worker_init_fn=dict(type='keep_worker_seed'),
    num_workers=4,
    dataset=dict(ann_file='annotations/train_all.json', **garment_set),
)
held_out_loader = dict(
    persistent_workers=False,
    num_workers=4,
    batch_size=16,
    dataset=dict(ann_file='annotations/val_all.json', **garment_set),
)
held_out_boxes = dict(ann_file=garment_root + 'annotations/val_all.json')
