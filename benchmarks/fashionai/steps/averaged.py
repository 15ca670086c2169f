# Weights averaged over some 200 steps.
_base_ = './starter.py'

average = dict(type='EMAHook', momentum=0.005)
custom_hooks = [*_base_.custom_hooks, average]
