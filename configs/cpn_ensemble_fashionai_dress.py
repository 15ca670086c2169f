_base_ = './fashionai/cpn_ensemble.py'

category = 'dress'
model = dict(category=category)
train_dataloader = dict(dataset=dict(category=category))
val_dataloader = dict(dataset=dict(category=category))
test_dataloader = dict(dataset=dict(category=category))
