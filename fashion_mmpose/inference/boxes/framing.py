"""Whether a pose network is shown what it has learnt to look at."""

from collections.abc import Mapping

from fashion_mmpose.inference.protocols import PoseNetwork


class FramingWarning(UserWarning):
    """A network that learnt garments cut out of their pictures gets whole ones."""


def whole_picture_doubt(networks: Mapping[str, PoseNetwork]) -> str:
    """What speaks against whole pictures for the networks of some categories.

    A network that was trained in boxes has never seen a garment that fills a part of
    its input only: its key points would be wrong, and their scores do not tell.

    Args:
        networks: The pose network of every category that is asked for.

    Returns:
        str: A phrase; empty where nothing does, or nothing is known.
    """
    cropped = [
        category
        for category, network in networks.items()
        if getattr(network, 'bbox_source', None) == 'annotation'
    ]
    if not cropped:
        return ''
    shown = ', '.join(cropped[:5]) + (', ...' if len(cropped) > 5 else '')
    return (
        f'the pose network ({shown}) was trained on garments cut out at their '
        'annotated boxes, and gets whole pictures: where a garment does not '
        'fill its picture, the key points will be far off, whatever their scores'
    )
