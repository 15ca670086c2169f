# One category: its key points only, from the file of all.
_base_ = './deepfashion2/hrnet_w48.py'

model = dict(head=dict(out_channels=8))
skirts = dict(category='skirt')
train_dataloader = dict(
    sampler=dict(_delete_=True, type='DefaultSampler', shuffle=True), dataset=skirts
)
val_dataloader = dict(dataset=skirts)
test_dataloader = dict(dataset=skirts)
