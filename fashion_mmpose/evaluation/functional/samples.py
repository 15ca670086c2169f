"""What MMPose's data samples say of a garment, and what its annotation does."""

from collections.abc import Mapping

import numpy as np

from fashion_mmpose import garments
from fashion_mmpose.garments.layout import own_points

REQUIRED = ('img_id', 'category_id', 'pred_instances')


def check_sample(sample: Mapping, required: tuple[str, ...] = REQUIRED) -> None:
    """Make sure that a data sample has these keys.

    Raises:
        ValueError: If one is missing.
    """
    missing = [key for key in required if key not in sample]
    if missing:
        raise ValueError(
            f'a data sample lacks {missing}; to fix it: add them to `meta_keys` of '
            'PackGarmentInputs'
        )


def annotated_garment(
    annotation: Mapping, benchmark: garments.Named, what: str
) -> tuple[garments.Garment, np.ndarray]:
    """The ground truth of a garment; every score takes it from here.

    K: key points of its category.

    Args:
        annotation: A COCO annotation: ``category_id`` and ``keypoints`` (x, y, v of
            each), those of its category or of the full layout.
        benchmark: Whose key points these are, or the name of a built-in one.
        what: What this is, for the error.

    Returns:
        tuple: The category; x, y in pixels of the picture and COCO's visibility of its
        own key points, shape (K, 3), float64.

    Raises:
        FormatError: If the number of key points fits neither layout.
        ValueError: If the category is unknown.
    """
    garment = garments.category_of_id(benchmark, annotation['category_id'])
    points = np.array(annotation['keypoints'], float).reshape(-1, 3)
    return garment, own_points(points, garment, what)


def predicted_garment(
    sample: Mapping, benchmark: garments.Named, row: int = 0
) -> garments.GarmentPrediction:
    """The garment that was predicted in a sample.

    n: boxes of the sample, C: key points of the layout, the full one or that of the
    sample's category.

    Args:
        sample: A data sample of MMPose as metrics get it: ``img_id``, ``category_id``,
            ``img_path`` (where it is known) and ``pred_instances`` with ``keypoints``
            (n, C, 2 or more), whose first two are x and y in pixels of the original
            image, ``keypoint_scores`` (n, C), ``bboxes`` (n, 4) xyxy and
            ``bbox_scores`` (n, ), taken as 1 where they are absent; and
            ``keypoint_covariances`` (n, C, 2, 2) in square pixels of the network's
            input, which need the sample's ``input_scale`` and ``input_size``, or none;
            and ``keypoint_states`` (n, C, 3), or none.
        benchmark: Whose key points these are, or the name of a built-in one.
        row: Which of the boxes. Defaults to 0.

    Raises:
        FormatError: If the number of key points fits neither layout.
        ValueError: If a key is missing, or the category is unknown.
    """
    check_sample(sample)
    garment = garments.category_of_id(benchmark, int(sample['category_id']))
    instances = sample['pred_instances']
    box_scores = instances.get('bbox_scores', np.ones(len(instances['keypoints'])))
    points = np.column_stack(
        (instances['keypoints'][row][:, :2], instances['keypoint_scores'][row])
    ).astype(np.float32)
    what = f'the prediction for image {sample["img_id"]}'
    own = own_points(points, garment, what)
    covariances = None
    if 'keypoint_covariances' in instances:
        zoom = np.divide(sample['input_scale'], sample['input_size'])
        moments = instances['keypoint_covariances'][row] * zoom[:, None] * zoom
        covariances = own_points(moments.reshape(-1, 4), garment, what)
        covariances = covariances.reshape(-1, 2, 2).astype(np.float32)
    states = None
    if 'keypoint_states' in instances:
        shares = instances['keypoint_states'][row]
        states = own_points(shares, garment, what).astype(np.float32)
    return garments.GarmentPrediction(
        image_id=int(sample['img_id']),
        image=sample.get('img_path', ''),
        frame=None,
        benchmark=garment.dataset,
        category=garment.name,
        bbox=np.asarray(instances['bboxes'][row], np.float32),
        bbox_score=float(box_scores[row]),
        keypoints=own[:, :2],
        scores=own[:, 2],
        definition=garments.benchmark(benchmark),
        covariances=covariances,
        states=states,
    )
