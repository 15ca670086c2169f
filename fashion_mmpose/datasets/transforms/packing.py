"""A sample in the form that the network takes."""

import numpy as np
import torch
from mmpose.datasets.transforms import PackPoseInputs
from mmpose.registry import TRANSFORMS

from .augmentation import states_of


@TRANSFORMS.register_module()
class PackGarmentInputs(PackPoseInputs):
    """MMPose's ``PackPoseInputs`` without a copy of the picture.

    MMPose rearranges the picture's bytes to channels first in the loader. The data
    preprocessor copies them anyway when it makes floats of them; until then a view
    will do, which takes a tenth of the loader's time off at 512x512.

    Of samples in another layout than their data set's, see :func:`.states_of`, all
    channels are the own ones: nothing tells those of the category.

    Arguments are those of :class:`mmpose.datasets.transforms.PackPoseInputs`.
    """

    def transform(self, results: dict) -> dict:
        """Pack ``img`` (H, W, 3) as ``inputs`` (3, H, W) with the sample's data."""
        image = results['img']
        if min(image.strides) < 0:  # after a flip of MMPose's; PyTorch has none such
            image = np.ascontiguousarray(image)
        packed = super().transform(dict(results, img=image[:1, :1]))
        if 'own_channels' in results:
            # By which heads know the channels of the sample's category.
            own = results['own_channels']
            if 'keypoint_states' in results and states_of(results, 'keypoints') is None:
                own = np.arange(results['keypoints'].shape[1])  # in another layout
            packed['data_samples'].set_metainfo(dict(own_channels=own))
        packed['inputs'] = torch.from_numpy(image).permute(2, 0, 1)
        return packed
