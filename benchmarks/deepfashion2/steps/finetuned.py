# A copy of the network for every category, at a lower rate. The benchmark names the
# network and the category.
_base_ = './starter.py'

optim_wrapper = dict(optimizer=dict(lr=5e-4))
