"""Parts of the configs that the package carries."""

from mmengine.config import Config

from fashion_mmpose.config.loading import read_config


def config(name: str) -> Config:
    """A config by its bare name."""
    return read_config(name)


def stock_codec(codec: dict, **options) -> dict:
    """MMPose's codec for the grid and the width of one of ours.

    Args:
        codec: A :class:`PointHeatmap`'s.
        **options: Options of :class:`mmpose.codecs.MSRAHeatmap`, such as ``unbiased``.
    """
    return dict(
        type='MSRAHeatmap',
        input_size=tuple(codec['input_size']),
        heatmap_size=tuple(codec['heatmap_size']),
        sigma=codec['sigma'],
        **options,
    )
