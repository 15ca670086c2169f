"""Small runs as files, and pictures that they are of."""

import json

import cv2
import numpy as np
from constructed_errors import ConstructedRun

from fashion_mmpose.formats.coco.annotations import coco_categories
from fashion_mmpose.formats.deepfashion2.results import write_results
from fashion_mmpose.garments import category_of_id
from fashion_mmpose.garments.layout import full_layout

CATEGORIES = ('short_sleeved_shirt', 'skirt', 'vest')
EVIL = '<img src=x onerror=alert(1)>"\'</script><script>alert(2)</script>.jpg'


def write_truth(path, run, file_name='{}.jpg'):
    """The annotations of a constructed run as a COCO file in the full layout."""
    annotations = []
    for item in run.annotations:
        garment = category_of_id(run.benchmark, item['category_id'])
        points = full_layout(item['keypoints'], garment, absent=0)
        annotations.append(
            item
            | dict(
                bbox=list(item['bbox']),
                iscrowd=0,
                num_keypoints=int((np.array(item['keypoints'])[:, 2] > 0).sum()),
                keypoints=points.ravel().tolist(),
            )
        )
    images = [
        dict(id=i, file_name=file_name.format(i), width=800, height=700)
        for i in dict.fromkeys(run.image_ids)
    ]
    content = dict(
        images=images,
        categories=coco_categories(run.benchmark),
        annotations=annotations,
    )
    path.write_text(json.dumps(content))
    return path


def noisy(noise, seed=0):
    """Twelve garments found so many pixels off, one missed, one in the background."""
    rng = np.random.default_rng(seed)
    run = ConstructedRun()
    for image_id in range(1, 13):
        category = CATEGORIES[image_id % 3]
        points = run.garment(category, image_id, visibility=1 + image_id % 2)
        if image_id != 5:
            moved = points + rng.normal(0, noise, points.shape)
            run.predict(category, image_id, moved, float(rng.random()))
    run.predict('skirt', 3, np.full((8, 2), 600.0) + np.arange(16).reshape(8, 2), 0.3)
    return run


def write_folder(root):
    """Annotations ``truth.json``, runs ``rough.json`` and ``fine.json``, pictures."""
    rough, fine = noisy(25), noisy(6, seed=1)
    write_truth(root / 'truth.json', rough)
    for name, run in dict(rough=rough, fine=fine).items():
        with (root / f'{name}.json').open('w') as file:
            write_results(file, run.entries)
    (root / 'pictures').mkdir()
    picture = np.full((700, 800, 3), (0, 80, 200), np.uint8)
    for image_id in range(1, 12):  # the last one is missing
        cv2.imwrite(str(root / f'pictures/{image_id}.jpg'), picture)
    return root
