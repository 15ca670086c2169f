_base_ = './fashionai/cpn_ensemble.py'

model = dict(category='trousers')
train_dataloader = dict(dataset=dict(category='trousers'))
val_dataloader = dict(dataset=dict(category='trousers'))
test_dataloader = dict(dataset=dict(category='trousers'))
