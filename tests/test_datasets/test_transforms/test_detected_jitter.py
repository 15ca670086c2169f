"""Boxes that err as a detector's do."""

import json

import numpy as np
import pytest
from mmpose.registry import TRANSFORMS

from fashion_mmpose import garments
from fashion_mmpose.errors import FormatError
from fashion_mmpose.evaluation.functional.box_errors import apply_error, box_errors
from fashion_mmpose.formats.coco.annotations import coco_categories
from fashion_mmpose.formats.coco.columns import read_columns
from fashion_mmpose.formats.detectors.box_columns import read_boxes

BLOUSE, SKIRT = (
    garments.garment('fashionai', name).category_id for name in ('blouse', 'skirt')
)
# Picture, category, box xywh, and whether it is a crowd.
GARMENTS = [
    (1, BLOUSE, (100, 100, 100, 200), 0),
    (1, SKIRT, (100, 300, 100, 100), 0),
    (1, SKIRT, (120, 310, 100, 100), 0),
    (2, BLOUSE, (10, 10, 50, 50), 1),
]
BOXES = [
    # A tenth of its width to the right, half as high again.
    (1, BLOUSE, (110, 50, 100, 300), 0.9),
    # Of another category, far away, of a garment that has a better one, of a crowd.
    (1, SKIRT, (100, 100, 100, 200), 0.9),
    (2, BLOUSE, (400, 400, 50, 50), 0.9),
    (1, BLOUSE, (80, 60, 150, 260), 0.95),
    (2, BLOUSE, (10, 10, 50, 50), 0.9),
    # Each skirt gets the box that fits it best.
    (1, SKIRT, (120, 310, 100, 100), 0.2),
    (1, SKIRT, (105, 300, 100, 100), 0.3),
]


@pytest.fixture
def files(tmp_path):
    annotations = [
        dict(
            id=number,
            image_id=image,
            category_id=category,
            bbox=box,
            area=box[2] * box[3],
            iscrowd=crowd,
            keypoints=[0] * 72,
            num_keypoints=0,
        )
        for number, (image, category, box, crowd) in enumerate(GARMENTS, 1)
    ]
    images = [dict(id=i, file_name=f'{i}.jpg', width=600, height=600) for i in (1, 2)]
    truth = dict(
        images=images, annotations=annotations, categories=coco_categories('fashionai')
    )
    boxes = [
        dict(image_id=image, category_id=category, bbox=box, score=score)
        for image, category, box, score in BOXES
    ]
    (tmp_path / 'truth.json').write_text(json.dumps(truth))
    (tmp_path / 'boxes.json').write_text(json.dumps(boxes))
    return str(tmp_path / 'boxes.json'), str(tmp_path / 'truth.json')


def jitter(files, **kwargs):
    settings = dict(type='DetectedBoxJitter', benchmark='fashionai')
    return TRANSFORMS.build(
        dict(settings, bbox_file=files[0], ann_file=files[1], **kwargs)
    )


def test_errors_of_boxes_that_are_of_garments(files):
    boxes, truth = (
        read_boxes(files[0], 'fashionai'),
        read_columns(files[1], 'fashionai'),
    )
    errors = box_errors(truth, boxes)
    assert set(errors) == {BLOUSE, SKIRT}
    # Of 0.56 and 0.51 of intersection over union: the first one fits better.
    np.testing.assert_allclose(errors[BLOUSE], [[0.1, 0, 0, np.log(1.5)]], atol=1e-12)
    np.testing.assert_allclose(
        errors[SKIRT][np.argsort(errors[SKIRT][:, 0])],
        [[0, 0, 0, 0], [0.05, 0, 0, 0]],
        atol=1e-12,
    )
    assert set(box_errors(truth, boxes, 0.7)) == {SKIRT}
    # Applied to the garment, an error gives the detector's box.
    blouse = np.array([100.0, 100, 200, 300])
    np.testing.assert_allclose(
        apply_error(blouse, errors[BLOUSE][0]), [110, 50, 210, 350]
    )


def test_a_sample_gets_an_error_of_its_category(files):
    step = jitter(files, prob=1)
    np.random.seed(0)
    box = np.array([[0, 0, 10, 20]], np.float32)
    blouse = step(dict(bbox=box, category_id=BLOUSE))['bbox']
    np.testing.assert_allclose(blouse, [[1, -5, 11, 25]], atol=1e-5)
    assert blouse.dtype == np.float32 and box.tolist() == [[0, 0, 10, 20]]
    skirts = [step(dict(bbox=box, category_id=SKIRT))['bbox'][0, 0] for _ in range(40)]
    assert {round(float(x), 3) for x in skirts} == {0, 0.5}
    # Of a category that it never found: of any.
    others = [step(dict(bbox=box, category_id=5))['bbox'][0, 1] for _ in range(60)]
    assert {round(float(y), 3) for y in others} == {0, -5}


def test_some_boxes_stay(files):
    np.random.seed(0)
    box = np.array([[0, 0, 10, 20]], np.float32)
    step = jitter(files, prob=0.25)
    stayed = [
        np.array_equal(step(dict(bbox=box, category_id=BLOUSE))['bbox'], box)
        for _ in range(400)
    ]
    assert 0.68 < np.mean(stayed) < 0.82
    assert 'prob=0.25, errors=3)' in repr(step)


def test_files_that_do_not_fit(files, tmp_path):
    with pytest.raises(FormatError, match='none of 0 boxes that score 0.99 or more'):
        jitter(files, score_thr=0.99)
    with pytest.raises(FileNotFoundError):
        jitter((str(tmp_path / 'none.json'), files[1]))
    stranger = dict(image_id=9, category_id=BLOUSE, bbox=[1, 1, 5, 5], score=0.5)
    (tmp_path / 'strange.json').write_text(json.dumps([stranger]))
    with pytest.raises(FormatError, match='box 0 is of image 9, which .* not list'):
        jitter((str(tmp_path / 'strange.json'), files[1]))
