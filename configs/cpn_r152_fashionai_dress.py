_base_ = './fashionai/cpn_r152.py'

category = 'dress'
model = dict(head=dict(out_channels=15))
train_dataloader = dict(dataset=dict(category=category))
val_dataloader = dict(dataset=dict(category=category))
test_dataloader = dict(dataset=dict(category=category))
