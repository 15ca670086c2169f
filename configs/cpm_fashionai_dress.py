_base_ = './fashionai/cpm.py'

model = dict(head=dict(out_channels=15))
train_dataloader = dict(dataset=dict(category='dress'))
val_dataloader = dict(dataset=dict(category='dress'))
test_dataloader = dict(dataset=dict(category='dress'))
