# HRNet-W48 at 512x384 with wide Gaussians, from key points of persons, as the winner of
# DeepFashion2's challenge of 2020 had it. Laid over the data sets by configs/recipes.
_base_ = './hrnet_w48_deepfashion2.py'

codec = dict(
    _base_.codec,
    input_size=(384, 512),
    heatmap_size=(96, 128),
    sigma=3.0,
    convention='centers',
    blur_kernel_size=17,
)
model = dict(
    backbone=dict(
        init_cfg=dict(
            checkpoint='https://download.openmmlab.com/mmpose/v1/body_2d_keypoint/'
            'topdown_heatmap/coco/'
            'td-hm_hrnet-w48_8xb32-210e_coco-384x288-c161b7de_20220915.pth',
            prefix='backbone.',
        ),
    ),
    head=dict(decoder=codec),
    test_cfg=dict(shift_heatmap=False),
)

load = dict(type='LoadImage')
crop = dict(type='TopdownAffine', input_size=codec['input_size'])
pack = dict(type='PackGarmentInputs')
# What follows the framing, which is the recipe's: that of the DeepFashion2 HRNet.
seen_in_training = [
    dict(type='RandomMirror', prob=0.5),
    dict(
        type='RandomScaleRotation',
        scale_std=0.1,
        max_scale=0.1,
        degrees_std=15,
        max_degrees=30,
        rotation_prob=0.6,
    ),
    crop,
    dict(type='GenerateTarget', encoder=codec),
    pack,
]
