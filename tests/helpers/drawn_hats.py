"""A benchmark of hats that nobody but a test has, and files of it."""

import json
from pathlib import Path

import cv2
import numpy as np

from fashion_mmpose import garments
from fashion_mmpose.formats.coco.annotations import coco_categories

DESCRIPTION = dict(
    name='hats',
    categories=dict(
        cap=dict(
            keypoints=['top', 'crown_left', 'crown_right', 'peak'],
            normalizer=['crown_left', 'crown_right'],
        ),
        beanie=dict(
            keypoints=['top', 'edge_left', 'edge_right'],
            normalizer=['edge_left', 'edge_right'],
        ),
    ),
)
HATS = garments.benchmark_from(DESCRIPTION)
SIZE = 96


def shape_points(category: str, x: float, y: float, size: float) -> np.ndarray:
    """Where the key points of a hat are, shape (K, 2); x, y is its upper left."""
    units = dict(
        cap=[(0.45, 0.1), (0.1, 0.6), (0.75, 0.6), (0.95, 0.75)],
        beanie=[(0.5, 0.05), (0.15, 0.85), (0.85, 0.85)],
    )
    return np.array(units[category]) * size + (x, y)


def write_hats(folder: Path, num: int, seed: int = 0) -> Path:
    """Pictures of one hat each, and their COCO file, each category in its own layout.

    Returns:
        Path: The file, ``hats.json``; the pictures lie in ``images`` beside it.
    """
    rng = np.random.default_rng(seed)
    (folder / 'images').mkdir(parents=True)
    images, annotations = [], []
    for number in range(1, num + 1):
        category = list(HATS.garments)[number % 2]
        size = rng.uniform(50, 70)
        x, y = rng.uniform(8, SIZE - size - 8, 2)
        points = shape_points(category, x, y, size)
        picture = np.full((SIZE, SIZE, 3), rng.integers(160, 220), np.uint8)
        color = (180, 60, 40) if category == 'cap' else (40, 60, 180)
        outline = cv2.convexHull(np.rint(points).astype(np.int32))
        cv2.fillPoly(picture, [outline], color, cv2.LINE_AA)
        name = f'{number:03d}.png'
        cv2.imwrite(str(folder / 'images' / name), picture)
        images.append(dict(id=number, file_name=name, width=SIZE, height=SIZE))
        low, high = points.min(axis=0), points.max(axis=0)
        annotations.append(
            dict(
                id=number,
                image_id=number,
                category_id=HATS.garments[category].category_id,
                bbox=[*low.tolist(), *(high - low).tolist()],
                area=float((high - low).prod()),
                iscrowd=0,
                num_keypoints=len(points),
                keypoints=np.column_stack((points, np.full(len(points), 2)))
                .ravel()
                .tolist(),
            )
        )
    categories = [
        entry for name in HATS.garments for entry in coco_categories(HATS, name)
    ]
    path = folder / 'hats.json'
    path.write_text(
        json.dumps(dict(images=images, annotations=annotations, categories=categories))
    )
    return path
