# Half of the samples are crops around points, and tests look at each point again.
_base_ = './starter.py'

train_pipeline = [
    _base_.load,
    *_base_.framing,
    dict(type='CropAroundPoint', share=0.5),
    *_base_.seen_in_training,
]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
model = dict(point_crop=0.5)
