"""DeepFashion2's landmark score by pycocotools, and random garments to score."""

import contextlib
import copy
import io
import json

import numpy as np
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from fashion_mmpose import garments
from fashion_mmpose.formats.coco.annotations import coco_categories

GARMENTS = {
    garment.category_id: garment
    for garment in garments.benchmark('deepfashion2').garments.values()
}
SIGMAS = np.concatenate([garment.sigmas for garment in GARMENTS.values()])
SHIRT, VEST, SKIRT, SLING_DRESS = 1, 5, 9, 13


def official_numbers(truth, results, category_id=None):
    """The ten numbers of a COCO file's content and a result list's."""
    with contextlib.redirect_stdout(io.StringIO()):
        coco = COCO()
        coco.dataset = copy.deepcopy(truth)
        coco.createIndex()
        if results:
            found = coco.loadRes(copy.deepcopy(results))
        else:  # pycocotools cannot load an empty list
            found = COCO()
            found.dataset = dict(truth, annotations=[])
            found.createIndex()
        judge = COCOeval(coco, found, 'keypoints')
        judge.params.kpt_oks_sigmas = SIGMAS
        if category_id is not None:
            judge.params.catIds = [category_id]
        judge.evaluate()
        judge.accumulate()
        judge.summarize()
    return judge.stats.tolist()


def coco_content(image_ids, annotations):
    """A COCO file's content; annotations get their ids."""
    # Large enough for garments that are far from each other.
    images = [
        dict(id=image_id, file_name=f'{image_id}.jpg', width=8000, height=8000)
        for image_id in image_ids
    ]
    annotations = [dict(item, id=i) for i, item in enumerate(annotations, 1)]
    return dict(
        images=images,
        categories=coco_categories('deepfashion2'),
        annotations=annotations,
    )


def annotation(image_id, category_id, box, points, **changes):
    """An annotation with these own points (K, 3)."""
    slots = np.zeros((len(SIGMAS), 3))
    slots[list(GARMENTS[category_id].channels)] = points
    return (
        dict(
            image_id=image_id,
            category_id=category_id,
            bbox=list(box),
            area=box[2] * box[3],
            iscrowd=0,
            num_keypoints=int((slots[:, 2] > 0).sum()),
            keypoints=slots.ravel().tolist(),
        )
        | changes
    )


def result(image_id, category_id, score, points, unused=None):
    """An official result with these own points (K, 2); unused slots copy the first."""
    slots = np.ones((len(SIGMAS), 3))
    slots[:, :2] = points[0] if unused is None else unused
    slots[list(GARMENTS[category_id].channels), :2] = points
    return dict(
        image_id=image_id,
        category_id=category_id,
        score=score,
        keypoints=slots.ravel().tolist(),
    )


def write(path, content):
    path.write_text(json.dumps(content))
    return path


class RandomGarments:
    """Images with up to three garments of each category and some predictions of each.

    Some garments are crowds, unlabelled, small or counted as unlabelled; predictions
    are close, far off, of another category or missing.

    Args:
        seed: Of the numbers.
        num_images: Images, in any order of their ids.
        ties: Whether scores are some of six values only.
        junk: Whether unused slots hold anything.
        flood: Share of (image, category) with 25 more predictions.
    """

    def __init__(self, seed, num_images=6, ties=False, junk=False, flood=0.05):
        self.rng = np.random.default_rng(seed)
        self.ties, self.junk = ties, junk
        image_ids = (10 + self.rng.permutation(num_images)).tolist()
        self.annotations, self.found = [], []
        for image_id in image_ids:
            for category_id in (SHIRT, VEST, SKIRT):
                for _ in range(self.rng.integers(4)):
                    self._add(image_id, category_id)
                if self.rng.random() < flood:
                    shape = len(GARMENTS[category_id].channels), 2
                    self.found += [
                        (image_id, category_id, self.rng.uniform(0, 300, shape))
                        for _ in range(25)
                    ]
        self.truth = coco_content(image_ids, self.annotations)
        self.results = [
            self._result(*self.found[i]) for i in self.rng.permutation(len(self.found))
        ]

    def _add(self, image_id, category_id):
        rng = self.rng
        corner = rng.integers(0, 100, 2)
        size = rng.integers(20, rng.choice([45, 300]), 2)
        num = len(GARMENTS[category_id].channels)
        points = rng.integers(corner, corner + size, (num, 2)).astype(float)
        labels = rng.integers(0, 3, num) * (rng.random() > 0.2)
        own = np.column_stack((points, labels)) * (labels > 0)[:, None]
        changes = dict(iscrowd=int(rng.random() < 0.1))
        if rng.random() < 0.05:
            changes.update(num_keypoints=0)
        box = [*corner.tolist(), *size.tolist()]
        self.annotations.append(annotation(image_id, category_id, box, own, **changes))
        for _ in range(rng.integers(3)):
            noise = rng.choice([0, 3, 10, 40])
            if rng.random() < 0.8:
                self.found.append(
                    (image_id, category_id, points + rng.normal(0, noise, (num, 2)))
                )
            else:
                other = int(rng.choice([SHIRT, VEST, SKIRT, SLING_DRESS]))
                shape = len(GARMENTS[other].channels), 2
                self.found.append(
                    (image_id, other, corner + rng.uniform(0, 300, shape))
                )

    def _result(self, image_id, category_id, points):
        rng = self.rng
        score = rng.integers(6) / 5 if self.ties else rng.random()
        unused = rng.uniform(-50, 500, (len(SIGMAS), 2)) if self.junk else None
        return result(image_id, category_id, float(score), points, unused)
