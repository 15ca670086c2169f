_base_ = './fashionai/cpn_ensemble.py'

model = dict(category='skirt')
train_dataloader = dict(dataset=dict(category='skirt'))
val_dataloader = dict(dataset=dict(category='skirt'))
test_dataloader = dict(dataset=dict(category='skirt'))
