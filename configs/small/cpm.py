# A narrow CPM of three stages at 128x128, on the data and schedule of cpn_r18.py.
_base_ = './cpn_r18.py'

points = dict(
    type='PointHeatmap',
    input_size=(128, 128),
    heatmap_size=(16, 16),
    sigma=1.0,
    decode_mode='dark',
    blur_kernel_size=3,
)
codec = dict(_delete_=True, **points)
model = dict(
    data_preprocessor=dict(mean=[127.5, 127.5, 127.5], std=[127.5, 127.5, 127.5]),
    backbone=dict(_delete_=True, type='CPMVGG', base_channels=8, out_channels=32),
    head=dict(
        _delete_=True,
        type='CPMRefineHead',
        in_channels=32,
        out_channels=None,
        num_stages=3,
        stem_channels=64,
        channels=24,
        decoder=points,
    ),
)

train_pipeline = [
    dict(type='LoadImage'),
    dict(type='GetBBoxCenterScale', padding=1.1),
    dict(type='RandomMirror', prob=0.5),
    dict(type='RandomRotation', max_degrees=10),
    dict(type='RandomShift', max_share=10 / 256),
    dict(type='TopdownStretch', input_size=points['input_size'], border_value=255),
    dict(type='GenerateTarget', encoder=points),
    dict(type='PackGarmentInputs'),
]
val_pipeline = [
    dict(type='LoadImage'),
    dict(type='GetBBoxCenterScale', padding=1.1),
    dict(type='TopdownStretch', input_size=points['input_size'], border_value=255),
    dict(type='PackGarmentInputs'),
]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=val_pipeline))
test_dataloader = dict(dataset=dict(pipeline=val_pipeline))
# Without normalisation layers, a few early steps would be far too long.
optim_wrapper = dict(clip_grad=dict(max_norm=1.0))
