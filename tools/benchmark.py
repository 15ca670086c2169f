"""Measure this package against MMPose's stock parts, in the same run.

Usage:
    python tools/benchmark.py pipeline|decode|train-step [--rounds N]
        [--threads N] [--json FILE]

    pipeline    one training sample from a 512x512 JPEG: our dataset and the CPN
                recipe against MMPose's COCO dataset and top-down pipeline with dense
                targets
    decode      maps of 13x128x128: the CPN system's decoding (blur, two maxima) of a
                batch against MMPose's, sample by sample
    train-step  a ResNet-18 heatmap network, forward, loss, backward and update: point
                targets drawn by the head against dense targets from the loader

Both sides run by turns, several rounds each; the medians and their ratio are printed.
"""

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import torch
from mmengine.registry import init_default_scope
from terminaltables import AsciiTable

import fashion_mmpose  # noqa: F401  before MMPose, whose mmcv it prepares
from fashion_mmpose import garments
from fashion_mmpose.formats import OutputFiles
from fashion_mmpose.synthetic import draw_fashionai

CATEGORY = 'blouse'
NUM_KEYPOINTS = len(garments.keypoints('fashionai', CATEGORY))


def parse_args(argv=None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('what', choices=list(BENCHMARKS))
    parser.add_argument('--rounds', type=int, default=15, help='of each side')
    parser.add_argument('--threads', type=int, default=1, help="PyTorch's threads")
    parser.add_argument('--json', help='file for the figures')
    return parser.parse_args(argv)


def alternate(sides: dict[str, Callable[[], int]], rounds: int) -> dict[str, float]:
    """Median milliseconds per item of each side; the sides take turns.

    Args:
        sides: Name to a function that does some work and returns how many items.
        rounds: Turns of each side, after one that is not counted.
    """
    times = {name: [] for name in sides}
    for turn in range(rounds + 1):
        for name, work in sides.items():
            start = time.perf_counter()
            items = work()
            if turn:
                times[name].append(1e3 * (time.perf_counter() - start) / items)
    return {name: statistics.median(values) for name, values in times.items()}


# ---------------------------------------------------------------------- pipeline


def pipeline(rounds: int, num_pictures: int = 16) -> dict[str, float]:
    """Milliseconds per training sample."""
    from mmpose.registry import DATASETS

    with tempfile.TemporaryDirectory() as folder:
        ann_file = _generated_data(Path(folder), num_pictures)
        ours = DATASETS.build(
            dict(
                type='FashionAIDataset',
                category=CATEGORY,
                ann_file=ann_file,
                data_prefix=dict(img=folder),
                bbox_source='image',
                pipeline=_recipe().train_dataloader.dataset.pipeline,
            )
        )
        datasets = {'ours': ours}
        for name, unbiased in (('mmpose', False), ('mmpose, unbiased targets', True)):
            datasets[name] = DATASETS.build(
                dict(
                    type='CocoDataset',
                    metainfo=garments.metainfo('fashionai', CATEGORY),
                    ann_file=ann_file,
                    data_prefix=dict(img=folder),
                    pipeline=_stock_pipeline(unbiased),
                )
            )

        def load(dataset):
            for index in range(num_pictures):
                dataset[index]
            return num_pictures

        sides = {
            name: lambda dataset=dataset: load(dataset)
            for name, dataset in datasets.items()
        }
        return alternate(sides, rounds)


def _generated_data(folder: Path, num: int) -> str:
    """Drawn garments as JPEGs of 512x512, with random key points."""
    rng = np.random.default_rng(0)
    images, annotations = [], []
    for index in range(1, num + 1):
        picture = cv2.resize(draw_fashionai(CATEGORY, 0, index).image, (512, 512))
        cv2.imwrite(str(folder / f'{index}.jpg'), picture)
        images.append(
            dict(
                id=index, file_name=f'{index}.jpg', width=512, height=512, category_id=1
            )
        )
        points = rng.integers(20, 492, (NUM_KEYPOINTS, 2))
        keypoints = np.column_stack((points, np.full(NUM_KEYPOINTS, 2)))
        annotations.append(
            dict(
                id=index,
                image_id=index,
                category_id=1,
                bbox=[0, 0, 512, 512],
                area=512 * 512,
                iscrowd=0,
                num_keypoints=NUM_KEYPOINTS,
                keypoints=keypoints.ravel().tolist(),
            )
        )
    names = list(garments.keypoints('fashionai', CATEGORY))
    content = dict(
        images=images,
        annotations=annotations,
        categories=[dict(id=1, name=CATEGORY, keypoints=names)],
    )
    path = folder / 'annotations.json'
    path.write_text(json.dumps(content))
    return str(path)


def _recipe():
    """The config of the CPN system."""
    from mmengine.config import Config

    from fashion_mmpose.config_files import find_config

    return Config.fromfile(find_config('cpn_r152_fashionai_blouse'))


def _stock_pipeline(unbiased: bool) -> list[dict]:
    """Unbiased targets are centred between cells, as ours are."""
    codec = dict(
        type='MSRAHeatmap',
        input_size=(512, 512),
        heatmap_size=(128, 128),
        sigma=8,
        unbiased=unbiased,
    )
    return [
        dict(type='LoadImage'),
        dict(type='GetBBoxCenterScale', padding=1.0),
        dict(type='RandomFlip', direction='horizontal'),
        dict(type='RandomBBoxTransform', shift_prob=0, rotate_factor=30),
        dict(type='TopdownAffine', input_size=codec['input_size']),
        dict(type='GenerateTarget', encoder=codec),
        dict(type='PackPoseInputs'),
    ]


# ------------------------------------------------------------------------ decode


def decode(rounds: int, batch_size: int = 16) -> dict[str, float]:
    """Milliseconds per image of 13 maps."""
    from mmpose.registry import KEYPOINT_CODECS

    ours = KEYPOINT_CODECS.build(_recipe().codec)
    width, height = ours.heatmap_size
    stock = {
        name: KEYPOINT_CODECS.build(
            dict(
                type='MSRAHeatmap',
                input_size=ours.input_size,
                heatmap_size=ours.heatmap_size,
                sigma=8,
                unbiased=unbiased,
            )
        )
        for name, unbiased in (('mmpose', False), ('mmpose, blurred (DARK)', True))
    }
    generator = torch.Generator().manual_seed(0)
    points = torch.rand(batch_size * NUM_KEYPOINTS, 2, generator=generator) * width
    maps = ours.render(points)
    maps += torch.rand(maps.shape, generator=generator)
    maps = maps.view(batch_size, NUM_KEYPOINTS, height, width)

    def decode_ours():
        ours.batch_decode(maps)
        return batch_size

    def decode_stock(codec):
        for sample in maps.numpy():
            codec.decode(sample.copy())
        return batch_size

    sides = {'ours': decode_ours}
    for name, codec in stock.items():
        sides[name] = lambda codec=codec: decode_stock(codec)
    return alternate(sides, rounds)


# -------------------------------------------------------------------- train step


def train_step(rounds: int, batch_size: int = 8, size: int = 256) -> dict[str, float]:
    """Milliseconds per image of a whole training step."""
    heatmap_size = (size // 4, size // 4)
    codecs = {
        'ours': dict(type='PointHeatmap', input_size=(size, size), sigma=2.0),
        'mmpose': dict(type='MSRAHeatmap', input_size=(size, size), sigma=2),
    }
    heads = {
        'ours': dict(type='PointHeatmapHead', loss=dict(type='LabelledMSELoss')),
        'mmpose': dict(
            type='HeatmapHead',
            loss=dict(type='KeypointMSELoss', use_target_weight=True),
        ),
    }
    sides = {}
    for name, codec in codecs.items():
        codec['heatmap_size'] = heatmap_size
        sides[name] = _training(heads[name], codec, batch_size, size)
    return alternate(sides, rounds)


def _training(head: dict, codec: dict, batch_size: int, size: int) -> Callable[[], int]:
    from mmengine.optim import OptimWrapper
    from mmpose.registry import KEYPOINT_CODECS, MODELS

    torch.manual_seed(0)
    model = MODELS.build(
        dict(
            type='TopdownPoseEstimator',
            data_preprocessor=dict(type='PoseDataPreprocessor'),
            backbone=dict(type='ResNet', depth=18),
            head=dict(
                in_channels=512, out_channels=NUM_KEYPOINTS, decoder=codec, **head
            ),
        )
    ).train()
    optimizer = OptimWrapper(torch.optim.SGD(model.parameters(), lr=1e-3))
    samples = _samples(KEYPOINT_CODECS.build(codec), batch_size, size)
    inputs = [torch.zeros(3, size, size, dtype=torch.uint8) for _ in samples]

    def step():
        batch = dict(inputs=list(inputs), data_samples=samples)
        model.train_step(batch, optimizer)
        return batch_size

    return step


def _samples(codec, batch_size: int, size: int) -> list:
    """What the loader hands over with this codec: points, or dense maps."""
    from mmengine.structures import InstanceData, PixelData
    from mmpose.structures import PoseDataSample

    rng = np.random.default_rng(0)
    samples = []
    for _ in range(batch_size):
        points = rng.uniform(0, size, (1, NUM_KEYPOINTS, 2)).astype(np.float32)
        encoded = codec.encode(points, np.ones((1, NUM_KEYPOINTS), np.float32))
        sample = PoseDataSample()
        labels = {key: encoded[key] for key in encoded if key != 'heatmaps'}
        sample.gt_instance_labels = InstanceData(**labels).to_tensor()
        if 'heatmaps' in encoded:
            sample.gt_fields = PixelData(heatmaps=encoded['heatmaps']).to_tensor()
        samples.append(sample)
    return samples


# ---------------------------------------------------------------------------------

BENCHMARKS = {'pipeline': pipeline, 'decode': decode, 'train-step': train_step}


def main(argv=None) -> int:
    args = parse_args(argv)
    cv2.setNumThreads(0)
    torch.set_num_threads(args.threads)
    init_default_scope('mmpose')
    times = BENCHMARKS[args.what](args.rounds)
    ours = times['ours']
    rows = [['', 'ms per image', 'ours / this']]
    rows += [
        [name, f'{value:.2f}', f'{ours / value:.2f}'] for name, value in times.items()
    ]
    print(AsciiTable(rows, args.what).table)
    if args.json:
        ratios = {name: ours / value for name, value in times.items() if name != 'ours'}
        figures = dict(
            benchmark=args.what,
            threads=args.threads,
            milliseconds_per_image=times,
            ratio_of_ours_to=ratios,
        )
        with OutputFiles() as outputs:
            json.dump(figures, outputs.open(args.json), indent=2)
    return 0


if __name__ == '__main__':
    sys.exit(main())
