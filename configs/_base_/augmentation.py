# How garments are seen in training: mirrored, moved, turned, in other colours. The crop
# comes between both, and the targets after them.
load = dict(type='LoadImage')
augmentation = [
    dict(type='RandomMirror', prob=0.5),
    dict(
        type='RandomBBoxTransform',
        shift_factor=0.08,
        shift_prob=0.5,
        scale_factor=(0.75, 1.25),
        rotate_factor=40,
        rotate_prob=0.6,
    ),
]
colours = [
    dict(type='PhotometricDistortion'),
    dict(type='RandomGrayscale', prob=0.1, keep_channels=True),
]
pack = dict(type='PackGarmentInputs')
