# HRNet-W48 on DeepFashion2, one network for all categories, or for one. The recipe is
# https://github.com/svip-lab/HRNet-for-Fashion-Landmark-Estimation.PyTorch, but for RGB
# pixels, ImageNet weights at the start, and heatmaps that know points between cells.
_base_ = [
    '../_base_/default_runtime.py',
    '../_base_/schedules/hrnet_adam_210e.py',
    '../_base_/datasets/deepfashion2_landmarks.py',
    '../_base_/models/hrnet_w48_deepfashion2.py',
]

default_hooks = dict(checkpoint=dict(save_best='deepfashion2/AP', rule='greater'))

# What a garment's box goes through on its way to the crop. Recipes that build on this
# one put the parts together with steps of their own.
framing = [dict(type='GetBBoxCenterScale', padding=1.25)]
# Stronger augmentation made the training unstable.
augmentation = [
    *framing,
    dict(type='RandomMirror', prob=0.5),
    dict(
        type='RandomScaleRotation',
        scale_std=0.1,
        max_scale=0.1,
        degrees_std=15,
        max_degrees=30,
        rotation_prob=0.6,
    ),
]
load = dict(type='LoadImage')
crop = dict(type='TopdownAffine', input_size=_base_.codec.input_size)
targets = dict(type='GenerateTarget', encoder=_base_.codec)
pack = dict(type='PackGarmentInputs')
train_pipeline = [load, *augmentation, crop, targets, pack]
val_pipeline = [load, *framing, crop, pack]

train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=val_pipeline))
test_dataloader = dict(dataset=dict(pipeline=val_pipeline))
