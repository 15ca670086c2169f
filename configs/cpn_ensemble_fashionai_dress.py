_base_ = './fashionai/cpn_ensemble.py'

model = dict(category='dress')
train_dataloader = dict(dataset=dict(category='dress'))
val_dataloader = dict(dataset=dict(category='dress'))
test_dataloader = dict(dataset=dict(category='dress'))
