# A loss on expected positions beside the one on heatmaps.
_base_ = './starter.py'

losses = [
    dict(type='LabelledMSELoss'),
    dict(type='ExpectationLoss', loss_weight=1e-3),
]
model = dict(head=dict(loss=dict(type='LabelledLossSum', losses=losses)))
