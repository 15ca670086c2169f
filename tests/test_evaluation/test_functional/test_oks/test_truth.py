"""Ground truth from annotations in memory, and without occluded landmarks."""

import numpy as np
import pytest
from official_oks import SKIRT, VEST, annotation, coco_content, write

from fashion_mmpose.errors import FormatError
from fashion_mmpose.evaluation.functional.oks.truth import (
    annotation_columns,
    compact_annotation,
    count_garments,
    is_ignored,
    scored_part,
    visible_only,
)
from fashion_mmpose.formats.coco.columns import read_columns

RNG = np.random.default_rng(0)


def item(image_id, category_id, num, labels, **changes):
    points = np.column_stack((RNG.integers(1, 90, (num, 2)), labels))
    return annotation(image_id, category_id, [1, 2, 30, 40], points, **changes)


CONTENT = coco_content(
    [4, 2, 9],
    [
        item(4, SKIRT, 8, [2, 1, 2, 1, 2, 1, 2, 2]),
        item(2, VEST, 15, np.ones(15), iscrowd=1, area=7.5),
        item(2, SKIRT, 8, np.full(8, 2), num_keypoints=0),
    ],
)


@pytest.fixture
def columns(tmp_path):
    path = write(tmp_path / 'truth.json', CONTENT)
    return read_columns(path, 'deepfashion2', points_dtype=np.float64)


def test_annotations_are_those_of_the_file(columns):
    annotations = [
        compact_annotation(item, 'deepfashion2') for item in CONTENT['annotations']
    ]
    # In a distributed run the last samples may come twice.
    memory = annotation_columns([*annotations, annotations[0]], [4, 2, 2, 9, 4])
    assert memory.images.ids.tolist() == [2, 4, 9]
    for name in (
        *('ids', 'image_ids', 'category_ids', 'boxes', 'areas', 'iscrowd'),
        *('num_keypoints', 'points', 'starts'),
    ):
        expected, found = getattr(columns, name), getattr(memory, name)
        np.testing.assert_array_equal(found, expected, err_msg=name)
        assert found.dtype == expected.dtype


def test_the_layout_of_one_category():
    points = np.reshape(CONTENT['annotations'][0]['keypoints'], (-1, 3))
    own = points[points[:, 2] > 0]
    short = CONTENT['annotations'][0] | dict(keypoints=own.ravel().tolist())
    found = compact_annotation(short, 'deepfashion2')['keypoints']
    np.testing.assert_array_equal(found, own)
    with pytest.raises(FormatError, match='annotation 1 has 7 key points; expected 29'):
        compact_annotation(short | dict(keypoints=[0] * 21), 'deepfashion2')


def test_no_annotation():
    memory = annotation_columns([], [3])
    assert memory.images.ids.tolist() == [3] and len(memory.ids) == 0
    assert memory.boxes.shape == (0, 4) and memory.points.shape == (0, 3)


def test_count_garments(columns):
    assert is_ignored(columns).tolist() == [False, True, True]
    assert count_garments(columns, ['skirt', 'vest']) == 1
    assert count_garments(columns, ['vest']) == 0


@pytest.mark.parametrize(
    'samples, images, items',
    [
        pytest.param([], [], [], id='nothing'),
        pytest.param([(9, None)], [9], [], id='a picture without garments'),
        pytest.param([(4, 1), (4, 1)], [4], [1], id='a garment, twice'),
        pytest.param([(4, 7)], [4], [], id='another garment'),
        pytest.param([(4, None), (4, 7)], [4], [1], id='searched'),
        pytest.param([(2, 3)], [2], [2, 3], id='ignored ones stay'),
        pytest.param([(9, None), (4, 1)], [4, 9], [1], id='in the order of the file'),
    ],
)
def test_scored_part(columns, samples, images, items):
    part = scored_part(columns, samples)
    assert part.images.ids.tolist() == images
    assert part.images.file_names == [f'{image_id}.jpg' for image_id in images]
    assert part.images.widths.tolist() == [8000] * len(images)
    assert part.ids.tolist() == items
    for place, item_id in enumerate(items):
        row = columns.ids.tolist().index(item_id)
        for name in ('image_ids', 'category_ids', 'areas', 'iscrowd', 'num_keypoints'):
            assert getattr(part, name)[place] == getattr(columns, name)[row], name
        np.testing.assert_array_equal(part.boxes[place], columns.boxes[row])
        np.testing.assert_array_equal(
            part.points[part.starts[place] : part.starts[place + 1]],
            columns.points[columns.starts[row] : columns.starts[row + 1]],
        )
    assert len(part.points) == part.starts[-1]


def test_visible_only(columns):
    visible = visible_only(columns)
    assert visible.num_keypoints.tolist() == [5, 0, 8]
    kept = columns.points[:, 2] == 2
    assert kept.sum() == 13
    np.testing.assert_array_equal(visible.points[kept], columns.points[kept])
    assert (visible.points[~kept] == 0).all()
    # What was read stays as it was.
    assert (columns.points[:, 2] == 1).sum() == 18
    assert columns.num_keypoints.tolist() == [8, 15, 0]
