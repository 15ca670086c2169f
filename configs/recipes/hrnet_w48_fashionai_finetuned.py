# The second step of the recipe: a copy of the network is trained on for each category.
# tools/train_all.py does so with --finetune.
_base_ = './hrnet_w48_fashionai.py'

train_cfg = dict(max_epochs=12, val_interval=3)
optim_wrapper = dict(optimizer=dict(lr=1e-4))
param_scheduler = []
