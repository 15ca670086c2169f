# ConvNeXt V2, pretrained by masked autoencoding.
parts = dict(
    backbone=dict(
        _delete_=True,
        type='TimmFeatures',
        model_name='convnextv2_tiny.fcmae_ft_in22k_in1k',
        out_indices=(3,),
        pretrained=True,
        drop_path_rate=0.2,
    ),
    head=dict(
        in_channels=768,
        deconv_out_channels=(256, 256, 256),
        deconv_kernel_sizes=(4, 4, 4),
    ),
)
