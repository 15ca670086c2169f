# Human parsing beside joints and the features of a recipe's single-stage head: a parser
# that knows what is skin, hair and clothes in photographs, and stays as it is. The
# starter carries its weights.
_base_ = './joints.py'

parsing_beside = dict(
    type='FeaturesWithParsing',
    joints=_base_.joints_beside['joints'],
    parsing=dict(
        type='SelfieParsing',
        init_cfg=dict(
            type='Pretrained',
            checkpoint='starter://landmarks_parsing',
            prefix='backbone.parsing.',
        ),
    ),
)
head_with_parsing = dict(
    type='LateralHeatmapHead', lateral_channels=(185, 72, 128, 512)
)
