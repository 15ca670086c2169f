# DINOv2's features, whose patches of 14 pixels timm resamples to 16.
_base_ = './vit_s_dinov3_fashionai.py'

model = dict(
    backbone=dict(
        _delete_=True,
        type='TimmFeatures',
        model_name='vit_small_patch14_dinov2.lvd142m',
        out_indices=(11,),
        patch_size=16,
        img_size=(384, 288),
        pretrained=True,
        drop_path_rate=0.1,
    ),
)
