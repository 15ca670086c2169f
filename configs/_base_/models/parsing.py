# Human parsing beside joints and the features of a recipe's single-stage head, for
# trainings on drawings that know what is skin, hair and clothes. docs/networks.md says
# where the parser's weights come from; a checkpoint of a training holds them.
_base_ = './joints.py'

parsing_beside = dict(
    type='FeaturesWithParsing',
    joints=_base_.joints_beside['joints'],
    parsing=dict(
        type='SelfieParsing', pretrained='data/selfie_multiclass_256x256.tflite'
    ),
    parsing_drop=0.1,
)
head_with_parsing = dict(
    type='LateralHeatmapHead', lateral_channels=(185, 72, 128, 512)
)
