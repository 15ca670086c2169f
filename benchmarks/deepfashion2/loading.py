"""Annotation files of DeepFashion2's size: time and memory of the datasets.

Both sides read the same generated file, each in a fresh process. Memory is what they
add to that of the imports; Linux tells it in ``/proc``.
"""

import gc
import multiprocessing
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np

from benchmarks.fresh_process import measure, own_mb
from fashion_mmpose import garments
from fashion_mmpose.formats.coco.annotations import coco_categories, write_coco

BENCHMARK = 'deepfashion2'
NUM_ITEMS, NUM_IMAGES = 312_186, 191_961  # of the training set
EIGHTH = NUM_ITEMS // 8
DATASETS = {'ours': 'DeepFashion2GarmentDataset', 'mmpose': 'DeepFashion2Dataset'}

# As in the real file, whose items have 83 numbers of polygons and 21 landmarks.
POLYGON_NUMBERS_PER_POINT = 4
SIZE_WH = (468, 624)


def loading(
    rounds: int = 1, num_items: int = EIGHTH, stock_items: int = EIGHTH
) -> dict[str, dict[str, float]]:
    """Time and memory of our dataset and of MMPose's over the same annotations.

    Args:
        rounds: Fresh processes of each side; medians are returned. Defaults to 1.
        num_items: Items of the file. Defaults to an eighth of the training set.
        stock_items: MMPose needs 45 KB an item: above this number it is left out.
            Defaults to an eighth of the training set.

    Returns:
        dict: For each side ``items``; ``file_mb``; ``load_s``, seconds to build the
        dataset; ``peak_mb``, memory of its own that the process holds at most while it
        does; ``main_mb``, after that; ``worker_mb``, memory that a forked worker has to
        itself once it has read every record; and ``record_us``, microseconds to make
        one.

    Raises:
        RuntimeError: If a process fails.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / 'train.json'
        write_annotations(path, num_items)
        sides = ['ours', 'mmpose'] if num_items <= stock_items else ['ours']
        figures = {side: [] for side in sides}
        for _ in range(rounds):
            for side in sides:
                figures[side].append(_measure(side, str(path), num_items))
        size = path.stat().st_size / 1e6
    return {
        side: dict(items=num_items, file_mb=size)
        | {name: statistics.median(turn[name] for turn in turns) for name in turns[0]}
        for side, turns in figures.items()
    }


# ---------------------------------------------------------------------- the file


def write_annotations(path: Path, num_items: int, seed: int = 0) -> None:
    """Write random items in the form of the converted training set.

    Args:
        path: The JSON.
        num_items: Items; the images are as many as in the training set in proportion.
        seed: Seed of the numbers.
    """
    num_images = max(1, round(num_items * NUM_IMAGES / NUM_ITEMS))
    rng = np.random.default_rng(seed)
    with open(path, 'w', encoding='utf-8') as file:
        write_coco(
            file,
            dict(description='random numbers'),
            coco_categories(BENCHMARK),
            _images(num_images),
            _annotations(num_items, num_images, rng),
        )


def _images(num: int) -> Iterator[dict]:
    width, height = SIZE_WH
    for index in range(1, num + 1):
        yield dict(id=index, file_name=f'{index:06d}.jpg', width=width, height=height)


def _annotations(num: int, num_images: int, rng: np.random.Generator) -> Iterator[dict]:
    known = list(garments.benchmark(BENCHMARK).garments.values())
    keypoints = np.zeros((len(garments.keypoints(BENCHMARK)), 3), np.int64)
    for index in range(1, num + 1):
        garment = known[rng.integers(len(known))]
        count = len(garment.channels)
        keypoints[:] = 0
        keypoints[garment.channels, :2] = rng.integers(1, SIZE_WH, (count, 2))
        keypoints[garment.channels, 2] = rng.integers(1, 3, count)
        polygon = rng.integers(1, SIZE_WH[0], POLYGON_NUMBERS_PER_POINT * count)
        yield dict(
            id=index,
            # Images in order, as the converter writes them.
            image_id=1 + (index - 1) * num_images // num,
            category_id=garment.category_id,
            bbox=[10, 20, 300, 400],
            area=120_000,
            iscrowd=0,
            num_keypoints=count,
            keypoints=keypoints.ravel().tolist(),
            segmentation=[polygon.tolist()],
            style=1,
            pair_id=index,
        )


# --------------------------------------------------------------------- the processes


def _measure(side: str, path: str, num_items: int) -> dict[str, float]:
    figures = measure(_load, side, path, num_items)
    del figures['seconds']  # of reading the records, too
    return dict(load_s=figures.pop('load_s'), peak_mb=figures.pop('peak_mb')) | figures


def _load(side: str, path: str, num_items: int) -> Callable[[], dict]:
    """What the fresh process does."""
    from mmengine.registry import init_default_scope

    init_default_scope('mmpose')
    config = dict(
        type=DATASETS[side],
        ann_file=path,
        data_prefix=dict(img=''),
        # The same for both; MMPose's own is searched for in the working directory.
        metainfo=garments.metainfo(BENCHMARK),
    )
    return partial(_figures, config, num_items)


def _figures(config: dict, num_items: int) -> dict[str, float]:
    from mmpose.registry import DATASETS as registry

    gc.collect()
    before = own_mb('self')
    start = time.perf_counter()
    dataset = registry.build(config)
    load_s = time.perf_counter() - start
    if len(dataset) != num_items:
        raise RuntimeError(
            f'{config["type"]}: {len(dataset)} samples, expected {num_items}'
        )
    gc.collect()
    main_mb = own_mb('self') - before

    start = time.perf_counter()
    few = range(0, num_items, max(1, num_items // 1000))
    for index in few:
        dataset.get_data_info(index)
    record_us = 1e6 * (time.perf_counter() - start) / len(few)

    context = multiprocessing.get_context('fork')
    here, there = context.Pipe()
    worker = context.Process(target=_read_all, args=(dataset, there))
    worker.start()
    worker_mb = here.recv()
    worker.join()
    return dict(
        load_s=load_s, main_mb=main_mb, worker_mb=worker_mb, record_us=record_us
    )


def _read_all(dataset, results: Connection) -> None:
    """What the loader's worker does: read every record and keep none."""
    # The interpreter's own objects are written to by the first collection.
    gc.collect()
    before = _private_mb()
    for index in range(len(dataset)):
        dataset.get_data_info(index)
    gc.collect()
    results.send(_private_mb() - before)


def _private_mb() -> float:
    """Memory of this process that it shares with no other."""
    kilobytes = 0
    for line in Path('/proc/self/smaps_rollup').read_text().splitlines():
        name, _, value = line.partition(':')
        if name in ('Private_Clean', 'Private_Dirty'):
            kilobytes += int(value.split()[0])
    return kilobytes * 1024 / 1e6
