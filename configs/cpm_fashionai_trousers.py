_base_ = './fashionai/cpm.py'

model = dict(head=dict(out_channels=7))
train_dataloader = dict(dataset=dict(category='trousers'))
val_dataloader = dict(dataset=dict(category='trousers'))
test_dataloader = dict(dataset=dict(category='trousers'))
