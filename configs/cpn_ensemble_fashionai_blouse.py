_base_ = './fashionai/cpn_ensemble.py'

model = dict(category='blouse')
train_dataloader = dict(dataset=dict(category='blouse'))
val_dataloader = dict(dataset=dict(category='blouse'))
test_dataloader = dict(dataset=dict(category='blouse'))
