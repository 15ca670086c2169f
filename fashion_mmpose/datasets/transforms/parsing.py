"""Human parsing maps of drawings, beside their pictures."""

import cv2
import mmcv
import numpy as np
from mmcv.transforms import BaseTransform
from mmpose.registry import TRANSFORMS
from mmpose.structures.bbox import get_warp_matrix

from fashion_mmpose.synthetic.together import map_of


@TRANSFORMS.register_module()
class LoadParsing(BaseTransform):
    """Load the classes of a drawn picture's pixels.

    ``fashion-mmpose synthesize --parsing`` writes them, see ``docs/drawings.md``.

    Required keys: ``img_path``, ``img``. Added keys: ``parsing`` (H, W) uint8.
    """

    def transform(self, results: dict) -> dict:
        """Add ``parsing``.

        Raises:
            FileNotFoundError: If the picture has no map.
            ValueError: If the map is of another size than the picture, or the picture
                is not in a folder of drawn ones.
        """
        path = map_of(results['img_path'])
        classes = cv2.imread(path, cv2.IMREAD_GRAYSCALE)
        if classes is None:
            raise FileNotFoundError(
                f'{results["img_path"]} has no parsing map {path}; to fix it: draw the '
                'set with fashion-mmpose synthesize --parsing'
            )
        if classes.shape != results['img'].shape[:2]:
            height, width = results['img'].shape[:2]
            raise ValueError(
                f'{path} has {classes.shape[1]}x{classes.shape[0]} pixels and its '
                f'picture {width}x{height}; to fix it: draw the set anew with '
                'fashion-mmpose synthesize --parsing'
            )
        results['parsing'] = classes
        return results


@TRANSFORMS.register_module()
class AppendParsing(BaseTransform):
    """Crop the classes like the picture, and put them behind its colours.

    It follows ``TopdownAffine`` (without UDP) and whatever changes colours.

    Required keys: ``parsing``, ``img``, ``input_center``, ``input_scale`` and, where
    the picture was mirrored or turned, ``flip``, ``flip_direction`` and
    ``bbox_rotation``. Modified keys: ``img`` (H, W, 4). Removed keys: ``parsing``.
    """

    def transform(self, results: dict) -> dict:
        """Append a channel to ``img`` (H, W, 3)."""
        classes = results.pop('parsing')
        if results.get('flip', False):
            classes = mmcv.imflip(classes, results['flip_direction'])
        height, width = results['img'].shape[:2]
        rotation = results.get('bbox_rotation', (0.0,))[0]
        warp = get_warp_matrix(
            results['input_center'],
            results['input_scale'],
            rotation,
            output_size=(width, height),
        )
        # What lies outside the picture is background.
        classes = cv2.warpAffine(
            classes, warp, (width, height), flags=cv2.INTER_NEAREST
        )
        results['img'] = np.dstack([results['img'], classes])
        return results
