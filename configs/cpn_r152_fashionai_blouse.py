_base_ = './fashionai/cpn_r152.py'

category = 'blouse'
model = dict(head=dict(out_channels=13))
train_dataloader = dict(dataset=dict(category=category))
val_dataloader = dict(dataset=dict(category=category))
test_dataloader = dict(dataset=dict(category=category))
