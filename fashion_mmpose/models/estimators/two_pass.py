"""A second look at a garment, in a crop around the points of the first."""

from mmpose.registry import MODELS
from torch import Tensor

from .crops import Frames, MultiCropEstimator, whole_frames
from .features import check_head


@MODELS.register_module()
class TwoPassEstimator(MultiCropEstimator):
    """MMPose's top-down estimator, which looks twice at garments without boxes.

    A network that gets whole pictures sees a garment smaller and less centred than one
    that gets boxes. Here the first look finds the garment's points in the input, and
    the second finds them again in the crop around those, at the size of the codec's
    input. The input may be larger than that, so that the second look sees more than the
    first: a test pipeline with twice the codec's size gives crops of half the picture
    in full detail. Nothing differs in training. The first look only tells where the
    garment is, and does without the parser of :class:`.FeaturesWithParsing`.

    Crops lie on pixels as ``TopdownAffine`` has them, and black surrounds the picture.

    Args:
        padding (float): Factor of the extent of the first look's points. Defaults to
            1.25, what MMPose gives boxes.
        smallest (float): Least width and height of the second crop, in those of the
            input. Defaults to 0.25.
        **kwargs: Arguments of :class:`MultiCropEstimator`; its ``scales`` and
            ``point_crop`` are shares of the second crop.

    Raises:
        TypeError: If the head is none over :class:`PointHeatmap`.
        ValueError: See :class:`MultiCropEstimator`.
    """

    def __init__(self, *args, padding: float = 1.25, smallest: float = 0.25, **kwargs):
        super().__init__(*args, **kwargs)
        check_head(self, 'model.type=TopdownPoseEstimator')
        self.padding = padding
        self.smallest = smallest

    def garment_frames(self, inputs: Tensor, samples: list, rows: Tensor) -> Frames:
        """The crops around the points that the network finds in whole inputs.

        See :meth:`MultiCropEstimator.garment_frames`.
        """
        whole = whole_frames(inputs)
        maps = self.maps(inputs, whole, samples, rows, parses=False)
        points, _ = self.head.decoder.decode_maps(maps)
        picture = rows // self.head.out_channels
        return self._around(self.placed(points, picture, whole), picture, whole)

    def _around(self, points: Tensor, picture: Tensor, whole: Frames) -> Frames:
        """Crops around the points (M, 2) of pictures (M, ), of the input's shape."""
        index = picture[:, None].expand(-1, 2)
        least, most = (
            # A picture that no point is asked of keeps its whole.
            ends.scatter_reduce(0, index, points, how, include_self=False)
            for ends, how in (
                (whole.centers - whole.sizes / 2, 'amin'),
                (whole.centers + whole.sizes / 2, 'amax'),
            )
        )
        share = (most - least) * self.padding / whole.sizes
        share = share.amax(dim=1, keepdim=True).clamp(min=self.smallest)
        return Frames((least + most) / 2, share * whole.sizes)
