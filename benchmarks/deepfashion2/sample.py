"""A training sample of DeepFashion2 as it leaves the loader: its size, and its time.

Pictures, boxes and landmarks are random; the steps are those of the HRNet recipe and
MMPose's own with dense targets.
"""

import pickle
import statistics
import tempfile
from pathlib import Path

import cv2
import numpy as np
from mmpose.registry import DATASETS
from mmpose.structures import PoseDataSample
from torch import Tensor

from benchmarks.recipes import config
from benchmarks.report import Figures
from benchmarks.timing import alternate
from fashion_mmpose import garments

from . import parts
from .loading import SIZE_WH, write_annotations


def sample(rounds: int, num_items: int = 26) -> Figures:
    """Size and time of a sample.

    Args:
        rounds: Turns of each side.
        num_items: Samples of a turn.

    Returns:
        Figures: ``target_bytes``, of the tensors that the loss reads;
        ``annotation_bytes``, of all but the picture, pickled, as it is sent to the main
        process; ``all_bytes``, the same with the picture; and ``ms``, time to make it
        from the JPEG. Of a sample, medians.
    """
    with tempfile.TemporaryDirectory() as folder:
        ann_file = str(Path(folder) / 'train.json')
        write_annotations(Path(ann_file), num_items)
        common = dict(ann_file=ann_file, data_prefix=dict(img=folder))
        recipe = config(parts.RECIPE).train_dataloader.dataset.pipeline
        configs = dict(
            ours=dict(type='DeepFashion2GarmentDataset', pipeline=recipe),
            mmpose=dict(
                type='DeepFashion2Dataset',
                # MMPose's own is searched for in the working directory.
                metainfo=garments.metainfo(parts.BENCHMARK),
                pipeline=_stock_pipeline(),
            ),
        )
        datasets = {
            side: DATASETS.build(dict(**dataset, **common))
            for side, dataset in configs.items()
        }
        _write_pictures(Path(folder), num_items)

        def load(dataset) -> int:
            for index in range(len(dataset)):
                dataset[index]
            return len(dataset)

        times = alternate(
            {
                side: lambda dataset=dataset: load(dataset)
                for side, dataset in datasets.items()
            },
            rounds,
        )
        figures = {}
        for side, dataset in datasets.items():
            sizes = [_sizes(dataset[index]) for index in range(len(dataset))]
            figures[side] = {
                name: int(statistics.median(size[name] for size in sizes))
                for name in sizes[0]
            } | dict(ms=times[side])
        return figures


def _sizes(packed: dict) -> dict[str, int]:
    return dict(
        target_bytes=target_bytes(packed['data_samples']),
        annotation_bytes=len(pickle.dumps(packed['data_samples'])),
        all_bytes=len(pickle.dumps(packed)),
    )


def target_bytes(data_sample: PoseDataSample) -> int:
    """Bytes of the tensors from which the head computes its loss."""
    held = [data_sample.gt_instance_labels]
    if 'gt_fields' in data_sample:
        held.append(data_sample.gt_fields)
    tensors = [value for data in held for value in data.values()]
    return sum(value.nbytes for value in tensors if isinstance(value, Tensor))


def _write_pictures(folder: Path, num: int) -> None:
    """Smooth noise, as large a JPEG as a picture's; there are no more than items."""
    rng = np.random.default_rng(0)
    width, height = SIZE_WH
    for index in range(1, num + 1):
        coarse = rng.integers(0, 256, (height // 8, width // 8, 3), np.uint8)
        picture = cv2.resize(coarse, SIZE_WH, interpolation=cv2.INTER_CUBIC)
        cv2.imwrite(str(folder / f'{index:06d}.jpg'), picture)


def _stock_pipeline() -> list[dict]:
    codec = parts.codec_config('mmpose')
    return [
        dict(type='LoadImage'),
        dict(type='GetBBoxCenterScale', padding=1.25),
        dict(type='RandomFlip', direction='horizontal'),
        dict(
            type='RandomBBoxTransform',
            shift_prob=0,
            scale_factor=[0.9, 1.1],
            rotate_factor=30,
            rotate_prob=0.6,
        ),
        dict(type='TopdownAffine', input_size=codec['input_size']),
        dict(type='GenerateTarget', encoder=codec),
        dict(type='PackPoseInputs'),
    ]
