"""Both benchmarks as one, from which the starter's landmark network learns.

Its categories are the 13 of DeepFashion2, whose landmarks are the places that they
share, and the 5 of FashionAI with their 24 key points: 81 + 24 channels.
"""

import os
from collections.abc import Mapping, Sequence
from functools import lru_cache

import numpy as np

from fashion_mmpose import garments
from fashion_mmpose.files.json_file import read_json
from fashion_mmpose.formats.coco.annotations import coco_categories, image_path
from fashion_mmpose.garments.shared import shared_places

NAME = 'starter'
# What the crop adds around a garment's box; FashionAI's garments fill their pictures,
# and their crops are to show no more than that.
PADDING = 1.25


def place_name(place: int) -> str:
    """What one of DeepFashion2's shared places is called here."""
    return f'place_{place}'


def category_name(benchmark: str, category: str) -> str:
    """What a category of a benchmark is called here."""
    return f'{benchmark}_{category}'


def joint_description() -> dict:
    """The description of the joint benchmark, as :mod:`garments.definition` has it."""
    places = shared_places()
    categories = []
    for benchmark in ('deepfashion2', 'fashionai'):
        for category in garments.categories(benchmark):
            garment = garments.garment(benchmark, category)
            if benchmark == 'deepfashion2':
                names = [place_name(places[channel]) for channel in garment.channels]
            else:
                names = list(garment.keypoints)
            pairs = [[names[i], names[j]] for i, j in enumerate(garment.flip) if i < j]
            categories.append(
                dict(
                    name=category_name(benchmark, category),
                    keypoints=names,
                    mirrors=pairs,
                    outline=[[names[i], names[j]] for i, j in garment.links],
                )
            )
    return dict(name=NAME, categories=categories)


@lru_cache(maxsize=1)
def joint_benchmark() -> garments.Benchmark:
    """The joint benchmark."""
    return garments.benchmark_from(joint_description(), 'the joint benchmark')


def channels_of(benchmark: str) -> list[int]:
    """The joint benchmark's channels of a benchmark's own, in the order of those.

    Args:
        benchmark: ``'deepfashion2'``, for its 81 shared places, or ``'fashionai'``.
    """
    if benchmark == 'deepfashion2':
        names = [place_name(place) for place in range(max(shared_places()) + 1)]
    else:
        names = list(garments.keypoints(benchmark))
    return [joint_benchmark().keypoints.index(name) for name in names]


def joint_annotations(files: Sequence[tuple[str, str, str]]) -> dict:
    """COCO files of both benchmarks as one of the joint benchmark.

    Args:
        files: Of each, its benchmark, its path, and the folder of its pictures as it
            is to stand before their names. It has the layout of all categories.

    Returns:
        dict: COCO JSON, in which every garment has the key points of its own category.
    """
    joint = joint_benchmark()
    images, annotations = [], []
    for benchmark, path, folder in files:
        content = read_json(path)
        numbers = {}
        for image in content['images']:
            numbers[image['id']] = len(images) + 1
            images.append(
                dict(
                    id=len(images) + 1,
                    file_name=os.path.join(folder, image_path(image)),
                    width=image['width'],
                    height=image['height'],
                )
            )
        for each in content['annotations']:
            image = images[numbers[each['image_id']] - 1]
            number = len(annotations) + 1
            annotations.append(_annotation(joint, benchmark, each, image, number))
    return dict(
        images=images, annotations=annotations, categories=coco_categories(joint)
    )


def _annotation(
    joint: garments.Benchmark,
    benchmark: str,
    each: Mapping,
    image: Mapping,
    number: int,
) -> dict:
    garment = garments.category_of_id(benchmark, each['category_id'])
    own = joint.garments[category_name(benchmark, garment.name)]
    given = np.array(each['keypoints']).reshape(-1, 3)[list(garment.channels)]
    points = np.zeros((len(joint.keypoints), 3))
    points[list(own.channels)] = given
    box = each['bbox']
    if benchmark == 'fashionai':
        width, height = image['width'] / PADDING, image['height'] / PADDING
        left, top = (image['width'] - width) / 2, (image['height'] - height) / 2
        box = [left, top, width, height]
    return dict(
        each,
        id=number,
        image_id=image['id'],
        category_id=own.category_id,
        bbox=box,
        keypoints=points.round(2).ravel().tolist(),
    )
