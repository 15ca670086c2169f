_base_ = './fashionai/cpn_senet154.py'

model = dict(head=dict(out_channels=4))
train_dataloader = dict(dataset=dict(category='skirt'))
val_dataloader = dict(dataset=dict(category='skirt'))
test_dataloader = dict(dataset=dict(category='skirt'))
