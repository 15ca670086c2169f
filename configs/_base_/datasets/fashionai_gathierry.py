# How the published FashionAI CPN system prepares a picture: its long side is resized to
# 512 pixels, and the rest is padded, on the right and at the bottom, with what the
# normalisation (x / 255 - 0.65) / 0.25 makes zero.
gathierry_pipeline = [
    dict(type='LoadImage'),
    dict(type='GetBBoxCenterScale', padding=1.0),
    dict(
        type='ResizeInput',
        input_size=(512, 512),
        keep_ratio=True,
        interpolation='cubic',
        pad_value=165.75,
    ),
    dict(type='PackGarmentInputs'),
]
