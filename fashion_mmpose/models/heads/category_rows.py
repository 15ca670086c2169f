"""The channels of each sample's own category: which they are, and their decoding.

B: samples, K: channels, M: maps of own channels, H and W: rows and columns of a map. A
row is a place in (B, K), flattened.
"""

from functools import lru_cache

import numpy as np
import torch
from mmengine.structures import InstanceData, PixelData
from mmpose.structures import PoseDataSample
from torch import Tensor

from fashion_mmpose import garments
from fashion_mmpose.codecs import PointHeatmap


def check_out_channels(out_channels: int | None) -> int:
    """The number of key points K, which a recipe leaves open.

    Raises:
        ValueError: If it is None.
    """
    if out_channels is None:
        raise ValueError(
            'out_channels is None: the config is a recipe for networks of one category '
            'each; to fix it: train them with tools/train_all.py, take the config that '
            'was saved in the folder of the training, or set model.head.out_channels, '
            "which is 24 for FashionAI's five categories in one network"
        )
    return out_channels


def check_key_points(out_channels: int, num_keypoints: int) -> None:
    """Refuse samples of another layout: rows of one would be others of the other.

    Args:
        out_channels (int): Number of key points of a head.
        num_keypoints (int): That of the samples.

    Raises:
        ValueError: If they differ.
    """
    if out_channels != num_keypoints:
        raise ValueError(
            f'model.head.out_channels is {out_channels}, but the samples have '
            f'{num_keypoints} key points; to fix it: set it to {num_keypoints}, or '
            'give the data sets the category or the categories of the network'
        )


def own_rows(batch_data_samples: list | None, num_channels: int) -> Tensor | None:
    """Places in (B, K), flattened, of the channels of each sample's own category.

    Args:
        batch_data_samples (list[PoseDataSample], optional): With ``own_channels``, the
            channels of the sample's category; of built-in benchmarks, ``dataset_name``
            and ``category_id`` will do.
        num_channels (int): K.

    Returns:
        Tensor | None: int64, shape (M, ), sample by sample, on the CPU. None where
        every channel is the sample's own: the samples do not tell a category, or the
        layout is that of one category.

    Raises:
        ValueError: If a sample's category id is not in the table, or the category's
            channels are not among the K.
    """
    channels = [_channels_of(sample) for sample in batch_data_samples or ()]
    if all(own is None for own in channels):
        return None
    every = torch.arange(num_channels)
    rows = []
    for index, own in enumerate(channels):
        own = every if own is None else own
        if own[-1] >= num_channels:
            sample = batch_data_samples[index]
            raise ValueError(
                f'category {sample.get("category_id")} of {sample.get("dataset_name")} '
                f'has channels up to {int(own[-1])}, the heatmaps have {num_channels}: '
                "set the head's out_channels, or the dataset's category"
            )
        rows.append(own + index * num_channels)
    return torch.cat(rows)


def _category_id(sample: PoseDataSample) -> int | None:
    """The sample's category; MMPose's own datasets give an array of one number."""
    category_id = sample.get('category_id')
    return None if category_id is None else int(np.asarray(category_id).item())


def _channels_of(sample: PoseDataSample) -> Tensor | None:
    """Channels of the sample's category, ascending; None where all of them are."""
    own = sample.get('own_channels')
    if own is not None:
        return torch.as_tensor(own).sort().values
    return _channels_in_table(sample.get('dataset_name'), _category_id(sample))


@lru_cache
def _channels_in_table(dataset: str | None, category_id: int | None) -> Tensor | None:
    """Channels in the full layout, ascending; None in a category's own layout."""
    if dataset not in garments.BENCHMARKS or category_id is None:
        return None
    garment = garments.category_of_id(dataset, category_id)
    return torch.tensor(sorted(garment.channels))


def own_channels(batch_data_samples: list | None, heatmaps: Tensor) -> Tensor | None:
    """The channels of :func:`own_rows` as a mask.

    Args:
        batch_data_samples (list[PoseDataSample], optional): B samples.
        heatmaps (Tensor): Shape (B, K, H, W).

    Returns:
        Tensor | None: Bool, shape (B, K), on the device of the heatmaps; None where
        every channel is the sample's own.
    """
    rows = own_rows(batch_data_samples, heatmaps.shape[1])
    if rows is None:
        return None
    mask = torch.zeros(heatmaps.shape[:2], dtype=torch.bool)
    mask.view(-1)[rows] = True
    return mask.to(heatmaps.device)


def decode_heatmaps(
    codec: PointHeatmap,
    heatmaps: Tensor,
    batch_data_samples: list | None,
    test_cfg: dict | None = None,
) -> tuple[list, list | None]:
    """Decode a batch of heatmaps into MMPose's structures.

    Args:
        codec (PointHeatmap): Decodes all of them in one call.
        heatmaps (Tensor): Shape (B, K, H, W).
        batch_data_samples (list[PoseDataSample], optional): Tell the categories, and
            so the channels that are decoded.
        test_cfg (dict, optional): ``output_heatmaps`` and ``output_covariances``.

    Returns:
        tuple: B ``InstanceData`` with ``keypoints`` (1, K, 2) in input pixels,
        ``keypoint_scores`` (1, K) and, if they are asked for,
        ``keypoint_covariances`` (1, K, 2, 2) in square input pixels; B ``PixelData``
        with ``heatmaps`` (K, H, W), zero in other categories' channels, or None where
        they are not asked for.
    """
    mask = own_channels(batch_data_samples, heatmaps)
    test_cfg = test_cfg or {}
    wants_spread = test_cfg.get('output_covariances', False)
    instances = _instances(*codec.batch_decode(heatmaps, mask, wants_spread))
    if not test_cfg.get('output_heatmaps', False):
        return instances, None
    heatmaps = codec.pictures(heatmaps.detach())
    if mask is not None:
        heatmaps = heatmaps.masked_fill(~mask[..., None, None], 0)
    return instances, [PixelData(heatmaps=maps) for maps in heatmaps]


def decode_rows(
    codec: PointHeatmap,
    maps: Tensor,
    shape: tuple[int, int],
    rows: Tensor | None,
    test_cfg: dict,
) -> tuple[list, list | None]:
    """Decode maps of own channels into MMPose's structures.

    Args:
        codec (PointHeatmap): Decodes all of them in one call.
        maps (Tensor): Shape (M, H, W).
        shape (tuple[int, int]): B and K.
        rows (Tensor, optional): Rows of the maps, int64, shape (M, ); None for all of
            them, M being B * K.
        test_cfg (dict): ``output_heatmaps`` and ``output_covariances``.

    Returns:
        tuple: As :func:`decode_heatmaps`.
    """
    if rows is not None:
        rows = rows.to(maps.device)
    wants_spread = test_cfg.get('output_covariances', False)
    instances = _instances(*codec.decode_rows(maps, shape, rows, wants_spread))
    if not test_cfg.get('output_heatmaps', False):
        return instances, None
    heatmaps = drawn = codec.pictures(maps.detach())
    if rows is not None:
        heatmaps = drawn.new_zeros(shape[0] * shape[1], *drawn.shape[1:])
        heatmaps[rows] = drawn
    return instances, [PixelData(heatmaps=one) for one in heatmaps.unflatten(0, shape)]


def _instances(*decoded: np.ndarray) -> list[InstanceData]:
    names = 'keypoints', 'keypoint_scores', 'keypoint_covariances'
    return [InstanceData(**dict(zip(names, each))) for each in zip(*decoded)]
