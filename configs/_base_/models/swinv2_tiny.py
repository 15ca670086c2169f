# Swin Transformer V2.
parts = dict(
    backbone=dict(
        _delete_=True,
        type='TimmFeatures',
        model_name='swinv2_tiny_window8_256.ms_in1k',
        out_indices=(3,),
        img_size=(384, 288),
        pretrained=True,
        drop_path_rate=0.2,
    ),
    head=dict(
        in_channels=768,
        deconv_out_channels=(256, 256, 256),
        deconv_kernel_sizes=(4, 4, 4),
    ),
)
