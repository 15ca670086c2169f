_base_ = './fashionai/cpm.py'

category = 'outwear'
model = dict(head=dict(out_channels=14))
train_dataloader = dict(dataset=dict(category=category))
val_dataloader = dict(dataset=dict(category=category))
test_dataloader = dict(dataset=dict(category=category))
