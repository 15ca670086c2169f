# HRNet for converted weights: pictures and heatmaps as the published system treats
# them, https://github.com/svip-lab/HRNet-for-Fashion-Landmark-Estimation.PyTorch.
_base_ = './hrnet_w48.py'

# Gaussians on whole cells; read a quarter of a cell toward the higher neighbour.
codec = dict(_base_.codec, unbiased=False, decode_mode='quarter', blur_kernel_size=0)
model = dict(
    # The mean and deviation of RGB, on pixels that stay BGR.
    data_preprocessor=dict(bgr_to_rgb=False),
    backbone=dict(init_cfg=None),
    head=dict(decoder=codec),
)

load = dict(type='LoadImage', color_type='color_ignore_orientation')
trim = dict(type='TrimAnnotatedBox')
targets = dict(type='GenerateTarget', encoder=codec)
train_pipeline = [
    load,
    trim,
    *_base_.augmentation,
    _base_.crop,
    targets,
    _base_.pack,
]
val_pipeline = [load, trim, *_base_.framing, _base_.crop, _base_.pack]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=val_pipeline))
test_dataloader = dict(dataset=dict(pipeline=val_pipeline))

# A garment's score is also its points', and of two that lie alike in an image, of
# whichever categories, the better one stays.
val_evaluator = dict(rescore=True, nms='hard', nms_thr=0.9, nms_scope='image')
test_evaluator = dict(rescore=True, nms='hard', nms_thr=0.9, nms_scope='image')
