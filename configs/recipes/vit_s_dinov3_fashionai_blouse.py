# One category: a network of its own points. The others are blouse's four siblings.
_base_ = './vit_s_dinov3_fashionai.py'

category = 'blouse'
model = dict(head=dict(out_channels=13))
train_dataloader = dict(dataset=dict(category=category))
val_dataloader = dict(dataset=dict(category=category))
test_dataloader = dict(dataset=dict(category=category))
