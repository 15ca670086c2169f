_base_ = './fashionai/cpn_senet154.py'

category = 'trousers'
model = dict(head=dict(out_channels=7))
train_dataloader = dict(dataset=dict(category=category))
val_dataloader = dict(dataset=dict(category=category))
test_dataloader = dict(dataset=dict(category=category))
