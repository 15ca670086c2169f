"""FashionAIDataset with the boxes of a detector."""

import numpy as np
import pytest
from skirt_annotations import POINTS, annotation, build, coco, image

from fashion_mmpose.errors import FormatError


def box(image_id, category_id, score, x=1.0):
    return dict(
        image_id=image_id,
        category_id=category_id,
        bbox=[x, 2.0, 30.0, 40.0],
        score=score,
    )


@pytest.fixture
def three_images(write):
    images = [image(i) for i in (1, 2, 3)]
    return write(coco(images, [annotation(i, POINTS) for i in (1, 2)]))


def test_best_box_of_the_own_category(three_images, write):
    boxes = [
        box(1, 4, 0.5, x=1),
        box(1, 4, 0.9, x=7),
        box(1, 1, 0.99, x=5),  # a blouse on a picture of a skirt
        box(2, 1, 0.9),
        box(3, 4, 0.3, x=9),
    ]
    dataset = build(three_images, test_mode=True, bbox_file=write(boxes, 'boxes.json'))
    records = [dataset.get_data_info(i) for i in range(len(dataset))]
    assert [r['img_id'] for r in records] == [1, 2, 3]
    np.testing.assert_array_equal(records[0]['bbox'], [[7, 2, 37, 42]])
    assert records[0]['bbox_score'] == np.float32(0.9)
    assert records[0]['raw_ann_info']['keypoints'].tolist() == POINTS
    # No box of its category: the whole image, scored 0, still with ground truth.
    np.testing.assert_array_equal(records[1]['bbox'], [[0, 0, 400, 512]])
    assert records[1]['bbox_score'] == 0 and records[1]['raw_ann_info']['id'] == 2
    assert records[2]['raw_ann_info'] is None and records[2]['category_id'] == 4


def test_boxes_below_the_threshold_are_dropped(three_images, write):
    boxes = write([box(1, 4, 0.29), box(2, 4, 0.3)], 'boxes.json')
    dataset = build(
        three_images,
        test_mode=True,
        bbox_file=boxes,
        filter_cfg=dict(bbox_score_thr=0.3),
    )
    widths = [dataset.get_data_info(i)['bbox'][0, 2] for i in range(3)]
    assert widths == [400, 31, 400]


def test_category_of_a_box_is_kept_in_the_full_layout(write):
    full = [0] * 45 + POINTS + [0] * 15
    path = write(coco([image(1)], [annotation(1, full)], None))
    boxes = write([box(1, 4, 0.5), box(1, 5, 0.9)], 'boxes.json')
    dataset = build(path, category=None, test_mode=True, bbox_file=boxes)
    assert len(dataset) == 1
    assert dataset.get_data_info(0)['category_id'] == 4
    assert dataset.get_data_info(0)['bbox_score'] == np.float32(0.5)


def test_garments_that_the_dataset_does_not_hold(write):
    """They are no other garment of the picture, in whatever order they stand."""
    own = [*[0] * 45, *POINTS, *[0] * 15]
    other = [*POINTS[:6], *[0] * 66]
    blouse = annotation(2, other) | dict(image_id=1, category_id=1)
    path = write(coco([image(1)], [annotation(1, own), blouse], None))
    boxes = write([box(1, 4, 0.5, x=7)], 'boxes.json')
    options = dict(category=None, test_mode=True, bbox_file=boxes)
    dataset = build(path, categories=['skirt'], **options)
    (record,) = (dataset.get_data_info(i) for i in range(len(dataset)))
    assert record['raw_ann_info']['id'] == 1 and record['bbox'][0, 0] == 7
    # Of two that it holds, one would be scored and the other left out.
    with pytest.raises(
        FormatError, match=r'image 1 shows 2 garments \(annotations 1, 2'
    ):
        build(path, **options)


@pytest.mark.parametrize(
    'boxes, message',
    [
        pytest.param(
            [box(9, 4, 0.5)], 'box 0 is of image 9, which .* not list', id='image'
        ),
        pytest.param(
            [box(1, 4, 1), box(1, 6, 1)],
            'box 1: unknown fashionai category id 6',
            id='id',
        ),
        pytest.param({'a': 1}, 'must hold a list of boxes', id='no-list'),
        pytest.param([dict(image_id=1)], r"box 0 has no \['bbox', 'cat", id='keys'),
        pytest.param(
            [dict(box(1, 4, 0.5), bbox=[1, 2, 0, 3])], 'must be positive', id='empty'
        ),
        pytest.param(
            [dict(box(1, 4, 0.5), bbox=[1, 2, 3])], 'four finite numbers', id='three'
        ),
        pytest.param([box(1, 4, float('nan'))], 'four finite numbers', id='nan'),
    ],
)
def test_bad_boxes(three_images, write, boxes, message):
    with pytest.raises(ValueError, match=message):
        build(three_images, test_mode=True, bbox_file=write(boxes, 'boxes.json'))


def test_boxes_of_pictures_that_are_numbered_otherwise(three_images, write):
    """`predict` numbers the pictures of its result list itself."""
    own = [dict(box(i, 4, 0.5), image=f'x/Images/{i:032x}.png') for i in (1, 2)]
    dataset = build(three_images, test_mode=True, bbox_file=write(own, 'boxes.json'))
    assert len(dataset) == 3
    frames = [dict(each, image='a.mp4', frame=i) for i, each in enumerate(own)]
    build(three_images, test_mode=True, bbox_file=write(frames, 'boxes.json'))
    others = [dict(each, image=f'{i}.jpg') for i, each in enumerate(own)]
    path = write(others, 'boxes.json')
    with pytest.raises(FormatError, match=r"image 1 is '0.jpg', and in .*: find boxes"):
        build(three_images, test_mode=True, bbox_file=path)
