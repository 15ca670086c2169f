"""The pictures that a test run draws."""

import cv2
import numpy as np
import pytest

from fashion_mmpose import garments
from fashion_mmpose.errors import PictureError
from fashion_mmpose.evaluation.metrics.picture_files import PictureFiles
from fashion_mmpose.files.pictures.pixels import write_picture

GREY = np.full((200, 200, 3), 128, np.uint8)
SKIRT = garments.garment('deepfashion2', 'skirt')
SHORTS = garments.garment('deepfashion2', 'shorts')
BLUE = (255, 153, 51)  # BGR: left


def colour(garment):
    """BGR of the category's lines."""
    return garments.category_color('deepfashion2', garment.name)[::-1]


def skirt_points(left, top, width, height):
    """The skirt's 8 points: waist 1-3, left side 4-5, hem 6, right side 7-8."""
    across = np.array([0, 0.5, 1, 0, 0, 0.5, 1, 1])
    down = np.array([0, 0, 0, 0.5, 1, 1, 1, 0.5])
    return np.column_stack((left + width * across, top + height * down))


def sample(path, garment, points, scores, box_score=1.0, full=True):
    """What the network gives for one garment, in the layout of all or of its own."""
    box = np.concatenate((points.min(0) - 10, points.max(0) + 10))
    if full:
        everywhere = np.full((294, 2), 100.0)
        everywhere[list(garment.channels)] = points
        all_scores = np.zeros(294)
        all_scores[list(garment.channels)] = scores
        points, scores = everywhere, all_scores
    return dict(
        img_id=1,
        img_path=str(path),
        category_id=garment.category_id,
        pred_instances=dict(
            keypoints=points[None],
            keypoint_scores=np.asarray(scores)[None],
            bboxes=box[None],
            bbox_scores=np.array([box_score]),
        ),
    )


def painter(folder, name='deepfashion2', **kwargs):
    metric = PictureFiles(str(folder), **kwargs)
    metric.dataset_meta = dict(dataset_name=name)
    return metric


def test_the_benchmark_is_not_cut_from_the_name(tmp_path):
    write_picture(tmp_path / '1.png', GREY)
    points = skirt_points(20, 30, 60, 100)
    metric = painter(tmp_path / 'out', name='my_shop_skirts')
    metric.dataset_meta['benchmark'] = 'deepfashion2'
    metric.process({}, [sample(tmp_path / '1.png', SKIRT, points, [0.9] * 8)])
    assert metric.evaluate(1) == {}
    drawn = cv2.imread(str(tmp_path / 'out/1.png'))
    assert tuple(drawn[55, 20]) == colour(SKIRT)


def test_the_pictures_themselves_are_kept(tmp_path):
    for name in ('shop/1.png', 'shop/b/1.png'):
        write_picture(tmp_path / name, GREY)
    before = (tmp_path / 'shop/1.png').read_bytes()
    points = skirt_points(20, 30, 60, 100)
    samples = [
        sample(tmp_path / name, SKIRT, points, [0.9] * 8)
        for name in ('shop/1.png', 'shop/b/1.png')
    ]
    (tmp_path / 'link').symlink_to(tmp_path / 'shop')
    for folder in ('shop', 'link'):
        metric = painter(tmp_path / folder)
        metric.process({}, samples)
        with pytest.raises(ValueError, match=r'replace them, .*1\.png among them'):
            metric.evaluate(2)
    assert (tmp_path / 'shop/1.png').read_bytes() == before
    # Below that folder they are beside the pictures.
    metric = painter(tmp_path / 'shop/drawn')
    metric.process({}, samples)
    metric.evaluate(2)
    assert (tmp_path / 'shop/drawn/b/1.png').exists()


def test_a_file_per_picture_with_all_of_its_garments(tmp_path):
    for name in ('a', 'b'):
        write_picture(tmp_path / name / '1.png', GREY)
    skirt, shorts = skirt_points(20, 30, 60, 100), np.full((10, 2), (150.0, 150.0))
    metric = painter(tmp_path / 'out')
    first, second = (tmp_path / name / '1.png' for name in ('a', 'b'))
    # One batch after the other, as the loader, or another process, gives them.
    metric.process({}, [sample(first, SKIRT, skirt, [0.9] * 8)])
    metric.process({}, [sample(second, SKIRT, skirt, [0.9] * 8, box_score=0.1)])
    metric.process({}, [sample(first, SHORTS, shorts, [0.9] * 10)])
    assert metric.evaluate(3) == {}

    files = sorted(
        path.relative_to(tmp_path / 'out') for path in tmp_path.glob('out/**/*.*')
    )
    assert [path.as_posix() for path in files] == ['a/1.png', 'b/1.png']
    drawn = cv2.imread(str(tmp_path / 'out/a/1.png'))
    assert tuple(drawn[55, 20]) == colour(SKIRT)
    assert tuple(drawn[150, 150]) != (128, 128, 128)
    # Points of other categories lie at (100, 100) and score 0.
    assert tuple(drawn[100, 100]) == (128, 128, 128)
    # The detector was not sure of that one.
    np.testing.assert_array_equal(cv2.imread(str(tmp_path / 'out/b/1.png')), GREY)


def test_captions_of_a_test_run_show_the_score_of_its_files(tmp_path):
    """Points that score 0 do not count in either."""
    write_picture(tmp_path / '1.png', GREY)
    points = skirt_points(20, 30, 60, 100)
    scores = [0.8] * 6 + [0, 0]
    metric = painter(tmp_path / 'out')
    metric.process({}, [sample(tmp_path / '1.png', SKIRT, points, scores, 0.5)])
    (found,) = metric.results
    assert found.caption == 'skirt 0.40' and found.to_coco()['score'] == 0.4
    metric.evaluate(1)
    drawn = cv2.imread(str(tmp_path / 'out/1.png'))
    np.testing.assert_array_equal(drawn, found.draw(GREY))


def test_unsure_points_are_not_drawn(tmp_path):
    write_picture(tmp_path / '1.png', GREY)
    scores = [0.9, 0.9, 0.9, 0.1, 0.9, 0.9, 0.9, 0.9]
    points = skirt_points(20, 30, 60, 100)
    metric = painter(tmp_path / 'out', 'deepfashion2_skirt')
    metric.process({}, [sample(tmp_path / '1.png', SKIRT, points, scores, full=False)])
    metric.evaluate(1)
    drawn = cv2.imread(str(tmp_path / 'out/1.png'))
    assert tuple(drawn[80, 20]) == (128, 128, 128)
    assert tuple(drawn[30, 20]) == BLUE
    everything = painter(tmp_path / 'out', 'deepfashion2_skirt', keypoint_thr=0)
    everything.process(
        {}, [sample(tmp_path / '1.png', SKIRT, points, scores, full=False)]
    )
    everything.evaluate(1)
    assert tuple(cv2.imread(str(tmp_path / 'out/1.png'))[80, 20]) == BLUE


def test_what_cannot_be_read_or_written(tmp_path):
    metric = painter(tmp_path / 'out')
    metric.process(
        {}, [sample(tmp_path / 'none.png', SKIRT, skirt_points(0, 0, 9, 9), [1] * 8)]
    )
    with pytest.raises(PictureError, match=r'none\.png: No such file'):
        metric.evaluate(1)
    with pytest.raises(ValueError, match=r'cannot write .*1\.txt'):
        write_picture(tmp_path / '1.txt', GREY)
    assert not list(tmp_path.rglob('*.*'))
