# CPM for converted weights: pictures and heatmaps as the published system treats them,
# https://github.com/nhy0/key_points_detection. To train, take cpm.py: its targets lie
# where its decoder looks, half a cell from where this one does.
_base_ = './cpm.py'

# The arg max of the heatmap at the size of the input.
codec = dict(_base_.codec, decode_mode='resized', blur_kernel_size=0)
model = dict(
    head=dict(decoder=codec),
    test_cfg=dict(flip_test=False, shift_heatmap=False),
)

targets = dict(type='GenerateTarget', encoder=codec)
train_pipeline = [
    _base_.load,
    *_base_.augmentation,
    _base_.crop,
    targets,
    _base_.pack,
]
resize = dict(
    type='ResizeInput',
    input_size=_base_.codec.input_size,
    keep_ratio=False,
    interpolation='linear',
)
val_pipeline = [_base_.load, *_base_.framing, resize, _base_.pack]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=val_pipeline))
test_dataloader = dict(dataset=dict(pipeline=val_pipeline))
