# One category: its key points only, from the file of all.
_base_ = './vit_s_dinov3_deepfashion2.py'

model = dict(head=dict(out_channels=8, share_places=False))
skirts = dict(category='skirt')
train_dataloader = dict(
    sampler=dict(_delete_=True, type='DefaultSampler', shuffle=True), dataset=skirts
)
val_dataloader = dict(dataset=skirts)
test_dataloader = dict(dataset=skirts)
