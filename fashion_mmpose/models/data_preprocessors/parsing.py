"""Pictures with a fourth channel of classes."""

import torch
from mmpose.models.data_preprocessors import PoseDataPreprocessor
from mmpose.registry import MODELS


@MODELS.register_module()
class ParsingPreprocessor(PoseDataPreprocessor):
    """MMPose's ``PoseDataPreprocessor`` that leaves a fourth channel as it is.

    Of pictures with the classes of human parsing behind their colours
    (:class:`.AppendParsing`), the colours are prepared as of any picture. Pictures of
    three channels are as with MMPose's.

    Arguments are those of
    :class:`mmpose.models.data_preprocessors.PoseDataPreprocessor`.
    """

    def forward(self, data: dict, training: bool = False) -> dict:
        """Prepare a batch.

        Args:
            data (dict): ``inputs``, a list of pictures (3, H, W) or (4, H, W), uint8,
                and ``data_samples``.
            training (bool): Whether it is a training. Defaults to False.

        Returns:
            dict: ``inputs``, a float tensor (B, 3, H, W) or (B, 4, H, W), and
            ``data_samples``.
        """
        pictures = data['inputs']
        if len(pictures[0]) == 3:
            return super().forward(data, training)
        colours = [picture[:3] for picture in pictures]
        batch = super().forward(dict(data, inputs=colours), training)
        classes = torch.stack([picture[3:] for picture in pictures])
        classes = self.cast_data(classes).to(batch['inputs'].dtype)
        batch['inputs'] = torch.cat([batch['inputs'], classes], dim=1)
        return batch
