# The demo: a slim RTMDet that learns a few dozen pictures of FashionAI.
_base_ = ['./rtmdet_tiny_fashionai.py', '../_base_/models/rtmdet_slim_160.py']

load_from = None
model = _base_.slim_model
train_dataloader = _base_.slim_train_loader
val_dataloader = _base_.slim_test_loader
test_dataloader = _base_.slim_test_loader

train_cfg = _base_.slim_train_cfg
optim_wrapper = _base_.slim_optim_wrapper
param_scheduler = _base_.slim_param_scheduler
auto_scale_lr = _base_.slim_auto_scale_lr
default_hooks = dict(checkpoint=_base_.slim_checkpoints, logger=dict(interval=10))
# Some hundred steps are too few for a moving average.
custom_hooks = [*_base_.garment_hooks, dict(type='mmpose.ChannelsLastHook')]
