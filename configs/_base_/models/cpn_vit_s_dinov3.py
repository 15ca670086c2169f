# The CPN head over a plain ViT: a light pyramid gives it the four levels that it needs.
# Its losses, which are means over pixels, were made for heatmaps of amplitude 100.
neck = dict(type='SimplePyramid', in_channels=384, out_channels=256)
head = dict(
    _delete_=True,
    type='CPNHead',
    in_channels=(256, 256, 256, 256),
    loss_global=dict(type='VisibilityL1Loss'),
    loss_refined=dict(type='VisibilityL1Loss', hard_fraction=0.5),
)
