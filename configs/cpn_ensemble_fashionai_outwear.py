_base_ = './fashionai/cpn_ensemble.py'

model = dict(category='outwear')
train_dataloader = dict(dataset=dict(category='outwear'))
val_dataloader = dict(dataset=dict(category='outwear'))
test_dataloader = dict(dataset=dict(category='outwear'))
