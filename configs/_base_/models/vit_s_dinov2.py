# A ViT-S with DINOv2's features; timm resamples its patches of 14 pixels to 16.
parts = dict(
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
