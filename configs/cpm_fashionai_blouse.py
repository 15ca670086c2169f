_base_ = './fashionai/cpm.py'

model = dict(head=dict(out_channels=13))
train_dataloader = dict(dataset=dict(category='blouse'))
val_dataloader = dict(dataset=dict(category='blouse'))
test_dataloader = dict(dataset=dict(category='blouse'))
