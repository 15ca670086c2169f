# The second step of the recipe: a copy of the network is trained on for each category.
# To be given: load_from, and the datasets' categories, such as [skirt].
_base_ = './hrnet_w48_deepfashion2.py'

train_cfg = dict(max_epochs=12, val_interval=3)
optim_wrapper = dict(optimizer=dict(lr=1e-4))
param_scheduler = []
