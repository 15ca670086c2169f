_base_ = './fashionai/cpn_senet154.py'

model = dict(head=dict(out_channels=14))
train_dataloader = dict(dataset=dict(category='outwear'))
val_dataloader = dict(dataset=dict(category='outwear'))
test_dataloader = dict(dataset=dict(category='outwear'))
