"""One call finds what the test tool finds in the same boxes."""

import json

import numpy as np
import pytest
from small_networks import (
    DEEPFASHION2,
    DETECTED,
    FASHIONAI,
    SIZES_WH,
    ToldDetector,
    assert_same,
    count_crops,
    inferencer_of,
)

from fashion_mmpose import garments
from fashion_mmpose.formats.coco.annotations import image_path
from fashion_mmpose.inference import GarmentInferencer


def given(items):
    """``category=`` and ``bboxes=`` for annotated items, picture by picture."""
    categories = [[] for _ in SIZES_WH]
    bboxes = [[] for _ in SIZES_WH]
    for image, category, (x, y, width, height) in items:
        categories[image].append(category)
        bboxes[image].append([x, y, x + width, y + height])
    return dict(category=categories, bboxes=bboxes)


def assert_as_tested(found, entries):
    """The same garments as in a file of the test tool, in pixels and in order."""
    assert len(found) == len(entries) > 0
    for garment, entry in zip(found, entries):
        assert garment.image_id + 1 == entry['image_id']
        assert garment.garment.category_id == entry['category_id']
        assert_same_points(garment, entry)


def assert_same_points(garment, entry):
    """The entry may be in the full layout."""
    points = np.reshape(entry['keypoints'], (-1, 3))
    if len(points) != len(garment.names):
        points = points[list(garment.garment.channels)]
    np.testing.assert_allclose(garment.keypoints, points[:, :2], atol=1e-4)
    np.testing.assert_allclose(garment.scores, points[:, 2], atol=1e-4)


def boxes_file(folder, rows):
    """A file of picture, category id, box (xyxy) and score of each."""
    entries = [
        dict(
            image_id=number + 1,
            category_id=category_id,
            bbox=[x1, y1, x2 - x1, y2 - y1],
            score=score,
        )
        for number, category_id, (x1, y1, x2, y2), score in rows
    ]
    path = folder / 'boxes.json'
    path.write_text(json.dumps(entries))
    return path


def test_whole_pictures_of_a_trained_network(trained, run_test):
    files = 'tiny.py', 'work_dirs/tiny/epoch_4.pth'
    entries = run_test(trained, *files)
    truth = json.loads((trained / 'data/annotations/test_blouse.json').read_text())
    paths = {
        image['id']: str(trained / 'data' / image_path(image))
        for image in truth['images']
    }
    inferencer = GarmentInferencer(*(trained / name for name in files), device='cpu')
    assert list(inferencer.networks) == ['blouse']
    found = list(inferencer.garments(paths[entry['image_id']] for entry in entries))
    assert len(found) == len(entries) == 5
    for number, (garment, entry) in enumerate(zip(found, entries)):
        told = garment.to_dict()
        assert told['image_id'] == number
        assert told['image'] == paths[entry['image_id']]
        assert told['category_id'] == entry['category_id'] == 1
        assert told['bbox'] == entry['bbox']
        for key in ('score', 'keypoints'):
            np.testing.assert_allclose(told[key], entry[key], atol=1e-4)
        assert told['keypoint_names'] == list(garments.keypoints('fashionai', 'blouse'))


@pytest.mark.slow
@pytest.mark.parametrize(
    'name, items',
    [
        pytest.param('fashionai_all', FASHIONAI, id='FashionAI'),
        pytest.param('deepfashion2_all', DEEPFASHION2, id='DeepFashion2'),
        pytest.param('ensemble', FASHIONAI, id='ensemble'),
    ],
)
def test_annotated_boxes(small, run_test, monkeypatch, name, items):
    files = [small.config(name)] if name == 'ensemble' else small.of(name)
    inferencer = GarmentInferencer(*files, device='cpu')
    calls = count_crops(inferencer, monkeypatch)
    found = list(inferencer.garments(small.paths, **given(items)))
    # Several categories go through the network together.
    assert [number for _, number in calls] == [len(items)]
    assert [(g.image_id, g.category) for g in found] == [item[:2] for item in items]
    assert all(len(np.unique(g.keypoints, axis=0)) > 3 for g in found)
    assert_as_tested(found, run_test(small.folder, *files))


@pytest.mark.slow
def test_a_file_of_boxes(small, run_test, tmp_path):
    """Of DeepFashion2: every box is tested, for the category that it is given."""
    detector = ToldDetector()
    boxes = boxes_file(
        tmp_path,
        [
            (number, garments.garment('deepfashion2', label).category_id, box, score)
            for number, found in enumerate(DETECTED)
            for label, box, score in found
        ],
    )
    files = small.of('deepfashion2_all')
    entries = run_test(small.folder, *files, '--bbox-file', boxes)
    inferencer = inferencer_of(small, 'deepfashion2_all', det_model=detector)
    found = list(inferencer.garments(small.paths))
    assert_as_tested(found, entries)
    scores = [entry['score'] for entry in entries]
    np.testing.assert_allclose([garment.bbox_score for garment in found], scores)
    known = [detector.detections(size_wh) for size_wh in SIZES_WH]
    assert_same(inferencer.garments(small.paths, bboxes=known), found)
    assert detector.num_images == [4]  # it is not asked where boxes are given


@pytest.mark.slow
def test_a_place_is_one_garment(small, small_detector):
    """Unless the caller wants all that a detector finds there."""
    config, weights = small_detector

    def found(**options):
        inferencer = inferencer_of(
            small,
            'fashionai_all',
            det_model=config,
            det_weights=weights,
            det_options=options,
        )
        return [each.bbox for each in inferencer.predict(small.paths[0]).garments]

    best, every = found(), found(max_overlap=None)
    assert 0 < len(best) < len(every)
    np.testing.assert_array_equal(best, found(max_overlap=0.6))


@pytest.mark.slow
def test_both_networks(small, small_detector, run_test, tmp_path):
    """Of FashionAI the best box of the picture's own category is tested."""
    inferencer = inferencer_of(
        small,
        'fashionai_all',
        det_model=small_detector[0],
        det_weights=small_detector[1],
        det_options=dict(score_thr=0.05, max_per_image=40),
    )
    found = list(inferencer.garments(small.paths))
    boxes = boxes_file(
        tmp_path,
        [
            (g.image_id, g.garment.category_id, g.bbox.tolist(), g.bbox_score)
            for g in found
        ],
    )
    files = small.of('fashionai_all')
    entries = run_test(small.folder, *files, '--bbox-file', boxes)
    best = {}
    for garment in found:
        best.setdefault((garment.image_id, garment.category), garment)
    pairs = [
        (best[image, category], entry)
        for (image, category, _), entry in zip(FASHIONAI, entries)
        if (image, category) in best
    ]
    assert len(pairs) >= 3
    assert_as_tested(*zip(*pairs))


def test_real_pictures(small, run_test, fashion_data):
    """Every item in its annotated box, which is clipped to its picture."""
    folder = fashion_data / 'deepfashion2'
    coco = json.loads((folder / 'train-coco_style-32.json').read_text())
    files = small.of('deepfashion2_all')
    dataset = 'test_dataloader.dataset.'
    entries = run_test(
        small.folder,
        *(*files, '--cfg-options', f'{dataset}data_root={folder}/'),
        *(f'{dataset}ann_file=train-coco_style-32.json',),
        *(f'{dataset}data_prefix.img=image/',),
    )
    images = {image['id']: image for image in coco['images']}
    paths, boxes, names = [], [], []
    for item in coco['annotations']:
        image = images[item['image_id']]
        x, y, width, height = item['bbox']
        right = min(x + width, image['width'])
        boxes.append([[max(x, 0), max(y, 0), right, min(y + height, image['height'])]])
        paths.append(str(folder / 'image' / image['file_name']))
        garment = garments.category_of_id('deepfashion2', item['category_id'])
        names.append(garment.name)
    inferencer = GarmentInferencer(*files, device='cpu', batch_size=7)
    found = list(inferencer.garments(paths, category=names, bboxes=boxes))
    assert len(found) == len(entries) == 55
    for garment, entry, item in zip(found, entries, coco['annotations']):
        assert entry['image_id'] == item['image_id']
        assert_same_points(garment, entry)
