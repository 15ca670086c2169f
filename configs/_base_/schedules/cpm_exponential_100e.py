# The schedule of the FashionAI CPM system: Adam whose learning rate falls by a tenth
# every 1,000 steps, smoothly. A recipe adds the early stop: ten epochs without a
# better validation result. The published system watches the validation loss, this one
# the normalized error itself.
train_cfg = dict(by_epoch=True, max_epochs=100, val_interval=1)
val_cfg = dict()
test_cfg = dict()

optim_wrapper = dict(optimizer=dict(type='Adam', lr=1e-3, weight_decay=1e-10))
param_scheduler = [
    dict(type='ExponentialLR', gamma=0.9 ** (1 / 1000), by_epoch=False, end=10**9)
]
auto_scale_lr = dict(base_batch_size=16)
