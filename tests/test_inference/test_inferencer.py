"""From pictures to garments in one call: batches, categories and errors."""

import threading
from itertools import repeat

import numpy as np
import pytest
from small_networks import (
    DETECTED,
    SIZES_WH,
    ToldDetector,
    assert_same,
    count_crops,
    inferencer_of,
)

from fashion_mmpose import garments
from fashion_mmpose.apis import PoseNetwork
from fashion_mmpose.inference import GarmentInferencer
from fashion_mmpose.inference.detections import Detections

# ------------------------------------------------------------------------ batches


@pytest.mark.slow
@pytest.mark.parametrize(
    'batch_size, images, crops',
    [
        pytest.param(8, [4], [5], id='all together'),
        pytest.param(2, [2, 2], [2, 1, 2], id='two pictures, two crops'),
        pytest.param(1, [1, 1, 1, 1], [1] * 5, id='one by one'),
    ],
)
def test_pictures_share_batches(small, monkeypatch, batch_size, images, crops):
    expected = inferencer_of(
        small, 'deepfashion2_all', det_model=ToldDetector()
    ).garments(small.paths)
    detector = ToldDetector()
    inferencer = inferencer_of(
        small, 'deepfashion2_all', det_model=detector, batch_size=batch_size
    )
    calls = count_crops(inferencer, monkeypatch)
    found = list(inferencer.garments(small.paths))
    assert detector.num_images == images
    assert [number for _, number in calls] == crops
    assert_same(found, expected)


@pytest.mark.slow
def test_two_networks_keep_the_order(small, monkeypatch):
    pose = dict(
        blouse=small.of('fashionai_blouse'),
        skirt=small.of('fashionai_skirt'),
        sling=small.of('deepfashion2_tops'),
    )
    inferencer = GarmentInferencer(pose, device='cpu')
    calls = count_crops(inferencer, monkeypatch)
    box = [5, 5, 60, 55]
    categories = [['skirt', 'blouse'], ['blouse'], ['sling', 'skirt', 'blouse'], []]
    bboxes = [[box] * len(names) for names in categories]
    found = list(inferencer.garments(small.paths, categories, bboxes))
    assert calls == [('skirt', 2), ('blouse', 3), ('vest', 1)]
    assert [(garment.image_id, garment.category) for garment in found] == [
        (number, name) for number, names in enumerate(categories) for name in names
    ]
    assert [garment.benchmark for garment in found[3:]] == ['deepfashion2'] + [
        'fashionai'
    ] * 2
    for garment in found:
        path = small.paths[garment.image_id]
        (alone,) = inferencer.predict(path, garment.category, [box]).garments
        np.testing.assert_allclose(garment.keypoints, alone.keypoints, atol=1e-4)


@pytest.mark.slow
def test_crops_that_are_cut_out_beside_a_gpu(small, monkeypatch):
    expected = inferencer_of(
        small, 'deepfashion2_all', det_model=ToldDetector()
    ).garments(small.paths)
    expected = list(expected)
    monkeypatch.setattr(PoseNetwork, 'is_on_cpu', False)
    threads = set()
    sample = PoseNetwork.sample

    def seen(self, *arguments):
        threads.add(threading.current_thread())
        return sample(self, *arguments)

    monkeypatch.setattr(PoseNetwork, 'sample', seen)
    inferencer = inferencer_of(
        small, 'deepfashion2_all', det_model=ToldDetector(), batch_size=2
    )
    before = set(threading.enumerate())
    assert_same(inferencer.garments(small.paths), expected)
    assert threads and threading.current_thread() not in threads
    monkeypatch.setattr(PoseNetwork, 'predict', None)  # fails in the midst of it
    with pytest.raises(TypeError, match='not callable'):
        list(inferencer.garments(small.paths))
    assert set(threading.enumerate()) == before


# ------------------------------------------------------------- labels and categories


def test_labels_choose_the_channels(small):
    inferencer = inferencer_of(small, 'deepfashion2_all', det_model=ToldDetector())
    predicted = list(inferencer(small.paths))
    assert [[g.category for g in each.garments] for each in predicted] == [
        [category for category, _, _ in found] for found in DETECTED
    ]
    for each, path, image in zip(predicted, small.paths, small.images):
        assert each.picture.source.image == path
        np.testing.assert_array_equal(each.picture.pixels, image)
    skirt, vest = predicted[0].garments
    assert skirt.keypoints.shape == (8, 2) and vest.keypoints.shape == (15, 2)
    assert skirt.bbox.tolist() == [12, 8, 70, 60]
    assert skirt.bbox_score == pytest.approx(0.9)
    assert vest.names == garments.keypoints('deepfashion2', 'vest')


def test_labels_choose_the_network(small):
    """A skirt of FashionAI has four key points, one of DeepFashion2 eight."""
    pose = dict(vest=small.of('deepfashion2_tops'), skirt=small.of('fashionai_skirt'))
    inferencer = GarmentInferencer(pose, det_model=ToldDetector(), device='cpu')
    found = list(inferencer.garments(small.paths))
    # Nothing is said of dresses and shorts.
    assert [(g.image_id, g.category, len(g.scores)) for g in found] == [
        (0, 'skirt', 4),
        (0, 'vest', 15),
        (3, 'skirt', 4),
    ]
    kept = [len(each.garments) for each in inferencer(small.paths)]
    assert kept == [2, 0, 0, 1]


def test_only_one_category(small):
    inferencer = inferencer_of(small, 'deepfashion2_all', det_model=ToldDetector())
    everything = list(inferencer.garments(small.paths))
    skirts = [garment for garment in everything if garment.category == 'skirt']
    assert len(skirts) == 2
    assert_same(inferencer.garments(small.paths, category='skirt'), skirts)
    chosen = inferencer.garments(small.paths, category=['vest', None, 'vest', 'shorts'])
    assert [g.category for g in chosen] == ['vest', 'long_sleeved_dress', 'shorts']


def test_garments_of_low_scores_are_left_out_of_what_a_detector_finds(small):
    inferencer = inferencer_of(small, 'deepfashion2_all', det_model=ToldDetector())
    every = [each.garments for each in inferencer(small.images)]
    scores = sorted(garment.score for some in every for garment in some)
    limit = dict(det_options=dict(garment_thr=scores[len(scores) // 2]))
    strict = inferencer_of(small, 'deepfashion2_all', det_model=ToldDetector(), **limit)
    found = [each.garments for each in strict(small.images)]
    kept = [
        [garment.score for garment in some if garment.score >= strict.garment_thr]
        for some in every
    ]
    assert [[garment.score for garment in some] for some in found] == kept
    assert 0 < sum(map(len, kept)) < len(scores)
    # Whoever gives boxes wants their garments.
    box = np.array([[2, 2, 30, 40.0]])
    unsure = strict.predict(small.images[0], 'skirt', box).garments
    assert len(unsure) == 1
    low = Detections(box.astype(np.float32), np.float32([1e-6]), ('skirt',))
    assert len(strict.predict(small.images[0], bboxes=low).garments) == 1


def test_nothing_is_found(small):
    inferencer = inferencer_of(
        small, 'deepfashion2_all', det_model=ToldDetector([[]] * 4)
    )
    assert list(inferencer.garments(small.paths)) == []
    assert [p.garments for p in inferencer(small.paths)] == [()] * 4
    assert (
        list(inferencer.garments([])) == []
        and list(inferencer.garments(iter([]))) == []
    )
    assert inferencer.predict(small.paths[0], 'vest', bboxes=[]).garments == ()


def test_whole_pictures(small):
    inferencer = inferencer_of(small, 'fashionai_all')
    found = list(
        inferencer.garments(
            small.folder, category=['blouse', 'skirt', 'dress', 'blouse']
        )
    )
    assert [g.bbox.tolist() for g in found] == [[0, 0, *size] for size in SIZES_WH]
    assert {g.bbox_score for g in found} == {1}
    assert [g.category for g in found] == ['blouse', 'skirt', 'dress', 'blouse']
    # The only network's category need not be said.
    skirts = inferencer_of(small, 'fashionai_skirt').garments(small.paths)
    assert {garment.category for garment in skirts} == {'skirt'}


# ------------------------------------------------------------------------- errors


def test_boxes_beside_the_picture(small):
    inferencer = inferencer_of(small, 'fashionai_skirt')
    outside = [[[0, 0, 9, 9]], [[0, 0, 9, 9], [64, 0, 90, 30]], [], []]
    message = r'picture 1 \(.*1.png\): the box \[64.*\] .* outside of its 64x64 pixels'
    with pytest.raises(ValueError, match=message):
        list(inferencer.garments(small.paths, bboxes=outside))
    beyond = [[-20, -20, 90, 30]]  # partly, as annotations are
    assert len(inferencer.predict(small.paths[0], bboxes=beyond).garments) == 1


def test_too_few_entries_for_an_iterator(small):
    inferencer = inferencer_of(small, 'fashionai_all', batch_size=1)
    found = inferencer.garments(iter(small.paths), category=['skirt'])
    assert next(found).category == 'skirt'
    with pytest.raises(ValueError, match='category= or bboxes= has no entry for pict'):
        next(found)


def test_too_many_entries_for_an_iterator(small):
    inferencer = inferencer_of(small, 'fashionai_all')
    names = ['skirt'] * (len(small.paths) + 1)
    found = inferencer(iter(small.paths), names)
    assert len([next(found) for _ in small.paths]) == 4
    with pytest.raises(ValueError, match='category= has 5 entries for 4 pictures'):
        next(found)
    # What has no length may go on for ever.
    assert len(list(inferencer(iter(small.paths), repeat('skirt')))) == 4
    # An unreadable picture has an entry as well.
    paths = [*small.paths, 'none.png']
    assert len(list(inferencer(iter(paths), names, on_error='skip'))) == 5


@pytest.mark.parametrize(
    'given, error, message',
    [
        pytest.param(dict(), ValueError, 'category= is missing', id='no category'),
        pytest.param(
            dict(category=['skirt']), ValueError, '1 entries for 4', id='few categories'
        ),
        pytest.param(
            dict(category='hat'), ValueError, "no network for 'hat'", id='no network'
        ),
        pytest.param(
            dict(category='skirt', on_error='ignore'),
            ValueError,
            "unknown on_error 'ignore'",
            id='on_error',
        ),
    ],
)
def test_wrong_calls_are_refused_at_once(small, given, error, message):
    inferencer = inferencer_of(small, 'fashionai_all')
    with pytest.raises(error, match=message):
        inferencer.garments(small.paths, **given)


@pytest.mark.parametrize(
    'wrong, error, message',
    [
        pytest.param(dict(batch_size=0), ValueError, 'at least 1, got 0', id='batch'),
        pytest.param(
            dict(det_model='d.py'), ValueError, 'go together', id='no det_weights'
        ),
        pytest.param(dict(det_weights='d'), ValueError, 'go together', id='no det'),
        pytest.param(
            dict(det_model=ToldDetector(), det_options=dict(score_thr=0.5)),
            ValueError,
            'det_options are for a detector that is built here',
            id='options of another detector',
        ),
        pytest.param(
            dict(det_model=ToldDetector(), det_options=dict(garment_thr=1.5)),
            ValueError,
            'garment_thr must be between 0 and 1, got 1.5',
            id='range',
        ),
        pytest.param(
            dict(det_options=dict(garment_thr=0.5)),
            ValueError,
            'garment_thr is for what a detector finds',
            id='no detector to limit',
        ),
        pytest.param(
            dict(det_model=('d.py', 'd.pth')),
            TypeError,
            'det_model is a tuple',
            id='a pair',
        ),
        pytest.param(
            dict(det_model=ToldDetector(classes=('vest', 'shorts'))),
            ValueError,
            r"the detector finds \['vest', 'shorts'\], .* for \['skirt'\]",
            id='nothing in common',
        ),
    ],
)
def test_wrong_inferencers(small, wrong, error, message):
    with pytest.raises(error, match=message):
        inferencer_of(small, 'fashionai_skirt', **wrong)
