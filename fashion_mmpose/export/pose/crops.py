"""How a config's test pipeline cuts garments out, as exported networks tell it."""

from collections.abc import Mapping, Sequence

from fashion_mmpose.config.parts import kind_of
from fashion_mmpose.errors import FormatError
from fashion_mmpose.inference.onnx.crop import Crop

# Steps that say nothing of the crop in the boxes that a caller gives.
_OTHERS = ('LoadImage', 'TrimAnnotatedBox', 'PackGarmentInputs', 'PackPoseInputs')


def crop_of(pipeline: Sequence[Mapping], name: str) -> Crop:
    """The crop of a pipeline.

    Args:
        pipeline: The steps as the config has them.
        name: What the config is called, for the error.

    Raises:
        FormatError: If a step has no counterpart outside of MMPose.
    """
    padding, crop = 1.0, None
    for step in pipeline:
        options = dict(step)
        del options['type']
        kind = kind_of(step)
        if kind in _OTHERS:
            continue
        if kind == 'GetBBoxCenterScale':
            padding = options.get('padding', 1.25)
        elif kind == 'TopdownAffine' and not options.get('use_udp'):
            crop = dict(method='affine', size_wh=options['input_size'])
        elif kind == 'TopdownStretch':
            fill = options.get('border_value', 0)
            crop = dict(method='stretch', size_wh=options['input_size'], fill=fill)
        elif kind == 'ResizeInput':
            options['size_wh'] = options.pop('input_size')
            crop = dict(options, method='resize', fill=options.pop('pad_value', 0))
        else:
            raise FormatError(
                f'{name}: the step {dict(step)} of its test pipeline cannot be '
                'exported; to fix it: leave it out, or cut out boxes with '
                'GetBBoxCenterScale and TopdownAffine (without use_udp), or with '
                'TopdownStretch or ResizeInput'
            )
    if crop is None:
        raise FormatError(
            f'{name}: its test pipeline cuts out no boxes; to fix it: add TopdownAffine'
        )
    if crop['method'] != 'resize':
        crop['padding'] = float(padding)
    return Crop(**dict(crop, size_wh=tuple(crop['size_wh'])))
