_base_ = './fashionai/cpn_senet154.py'

model = dict(head=dict(out_channels=7))
train_dataloader = dict(dataset=dict(category='trousers'))
val_dataloader = dict(dataset=dict(category='trousers'))
test_dataloader = dict(dataset=dict(category='trousers'))
