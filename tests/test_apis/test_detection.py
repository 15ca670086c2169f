"""Garments in pictures, from Python."""

import numpy as np
import pytest
import torch
from coarse_pictures import pictures
from mmengine.config import Config
from mmengine.registry import DefaultScope
from tiny_detector import save_detector, write_config

from fashion_mmpose import garments
from fashion_mmpose.apis import GarmentDetector
from fashion_mmpose.inference.boxes.suppression import select_boxes

SIZES = [(90, 70), (40, 120), (64, 64)]


@pytest.fixture(scope='module')
def files(tmp_path_factory):
    """Config and weights of a tiny detector."""
    folder = tmp_path_factory.mktemp('detector')
    config = write_config(folder / 'tiny_det.py')
    return str(config), save_detector(config, folder / 'det.pth')


@pytest.fixture(scope='module')
def detector(files):
    return GarmentDetector(*files, device='cpu', max_per_image=10)


@pytest.mark.slow
def test_boxes_of_pictures(detector):
    found = detector.detect(pictures(SIZES))
    assert [len(each) for each in found] == [10, 10, 10]
    for each, (width, height) in zip(found, SIZES):
        assert each.bboxes.shape == (10, 4) and each.bboxes.dtype == np.float32
        assert (each.bboxes >= 0).all()
        assert (each.bboxes <= [width, height, width, height]).all()
        assert (each.bboxes[:, 2:] > each.bboxes[:, :2]).all()
        assert (np.diff(each.scores) <= 0).all() and each.scores[-1] >= 0.05
        assert set(each.labels) <= set(garments.categories('fashionai'))
    assert not np.allclose(found[0].bboxes, found[1].bboxes)


def test_batches_change_nothing(detector):
    images = pictures(SIZES)
    together = detector.detect(images, batch_size=3)
    for image, expected in zip(images, together):
        (alone,) = detector.detect([image])
        np.testing.assert_allclose(alone.bboxes, expected.bboxes, atol=1e-3)
        np.testing.assert_allclose(alone.scores, expected.scores, atol=1e-5)
        assert alone.labels == expected.labels


@pytest.mark.parametrize('size', [(1600, 1), (1, 1600), (2, 1300)])
def test_thin_pictures_end_nothing(detector, size):
    thin, whole = detector.detect(pictures([size, SIZES[0]]))
    assert (thin.bboxes <= [*size, *size]).all() and (thin.bboxes >= 0).all()
    (alone,) = detector.detect(pictures([size, SIZES[0]])[1:])
    assert len(whole) == 10
    np.testing.assert_allclose(whole.bboxes, alone.bboxes, atol=1e-3)


def test_files_and_arrays_give_the_same(detector, tmp_path):
    import cv2

    (image,) = pictures(SIZES[:1])
    path = str(tmp_path / 'a.png')
    cv2.imwrite(path, image)
    sample = detector.file_pipeline(dict(img_path=path, img_id=0))
    (from_file,) = detector.detect_samples([sample])
    (from_array,) = detector.detect([image])
    np.testing.assert_array_equal(from_file.bboxes, from_array.bboxes)
    np.testing.assert_array_equal(from_file.scores, from_array.scores)


@pytest.mark.slow
def test_equals_mmdetections_own_inference(detector, files):
    from mmdet.apis import inference_detector, init_detector

    with DefaultScope.overwrite_default_scope('mmdet'):
        model = init_detector(*map(str, files), device='cpu')
        images = pictures(SIZES)
        theirs = [inference_detector(model, image).pred_instances for image in images]
    for ours, instances, (width, height) in zip(detector.detect(images), theirs, SIZES):
        # They clip to the padded input only; here no box lies beyond the picture.
        clipped = instances.bboxes[:10].numpy().clip(0, [width, height] * 2)
        np.testing.assert_allclose(ours.bboxes, clipped, atol=1e-3)
        np.testing.assert_allclose(ours.scores, instances.scores[:10], atol=1e-5)
        assert ours.labels == tuple(
            detector.classes[i] for i in instances.labels[:10].tolist()
        )


def test_boxes_of_other_categories_stand_in_nobody_s_way(files):
    """Not those that overlap, nor those that are among the best ones."""
    strict = GarmentDetector(*files, 'cpu', max_per_image=3, max_overlap=0.2)
    free = GarmentDetector(*files, 'cpu')
    images = pictures(SIZES)
    wanted = ['skirt', None, 'hat']
    one, every, none = strict.detect(images, 2, wanted)
    assert len(none) == 0
    best, all_found = free.detect(images[:1])[0], strict.detect(images)
    of_skirts = [label == 'skirt' for label in best.labels]
    # Of batches of two and of one, which some processors round differently.
    np.testing.assert_allclose(one.bboxes[0], best.bboxes[of_skirts][0], rtol=1e-5)
    assert {*one.labels} == {'skirt'}
    assert len(one) > all_found[0].labels.count('skirt')
    np.testing.assert_array_equal(every.bboxes, all_found[1].bboxes)


@pytest.mark.slow
def test_boxes_of_low_scores_are_not_suppressed_first(files, monkeypatch):
    """They are left out afterwards, and took longer than the network."""
    images = pictures(SIZES)
    every = GarmentDetector(*files, 'cpu', score_thr=0.0, max_per_image=10_000)
    head, taken = every.model.bbox_head, []
    whole = head._bbox_post_process

    def spied(results, *args, **kwargs):
        taken.append(len(results))
        return whole(results, *args, **kwargs)

    monkeypatch.setattr(head, '_bbox_post_process', spied)
    all_found, rule = every.detect(images), head.test_cfg
    num_all = sum(taken)
    scores = np.sort(np.concatenate([each.scores for each in all_found]))
    every.score_thr = float(scores[len(scores) // 2])  # is that of a box, which stays
    taken.clear()
    for some, found in zip(every.detect(images), all_found):
        stays = found.scores >= every.score_thr
        np.testing.assert_array_equal(some.bboxes, found.bboxes[stays])
        np.testing.assert_array_equal(some.scores, found.scores[stays])
        assert list(some.labels) == [*np.array(found.labels)[stays]]
    assert 0 < sum(taken) < num_all
    assert head.test_cfg is rule and rule.score_thr < every.score_thr


@pytest.mark.slow
def test_nothing_in_nothing(detector, files):
    assert detector.detect([]) == [] and detector.detect_samples([]) == []
    strict = GarmentDetector(*files, device='cpu', score_thr=1.0)
    (found,) = strict.detect(pictures(SIZES[:1]))
    assert len(found) == 0 and found.bboxes.shape == (0, 4) and found.labels == ()


@pytest.mark.slow
def test_the_scope_of_the_process_stays(files):
    with DefaultScope.overwrite_default_scope('mmpose'):
        detector = GarmentDetector(*files, device='cpu')
        detector.detect(pictures(SIZES[:1]))
        assert DefaultScope.get_current_instance().scope_name == 'mmpose'


@pytest.mark.parametrize(
    'image',
    [
        pytest.param(np.zeros((8, 8), np.uint8), id='grey'),
        pytest.param(np.zeros((8, 8, 4), np.uint8), id='alpha'),
        pytest.param(np.zeros((8, 8, 3), np.float32), id='float'),
    ],
)
def test_wrong_pictures(detector, image):
    good = pictures(SIZES[:1])
    with pytest.raises(ValueError, match=r'picture 1 must be of shape \(H, W, 3\)'):
        detector.detect([*good, image])


def test_select_boxes():
    bboxes = np.array(
        [
            [-5, 2, 8, 30],  # reaches beyond the picture
            [1, 1, 4, 4],
            [3, 3, 3, 9],  # no width
            [12, 1, 20, 9],  # beside the picture
            [1, 2, 3, 4],  # low score
            [0, 0, 2, 2],
        ],
        np.float32,
    )
    scores = np.array([0.5, 0.9, 0.8, 0.8, 0.1, 0.5])
    labels = np.arange(6)
    bboxes, scores, labels = select_boxes(bboxes, scores, labels, (10, 20), 0.2, 3)
    assert labels.tolist() == [1, 0, 5] and scores.dtype == np.float32
    assert bboxes.tolist() == [[1, 1, 4, 4], [0, 2, 8, 20], [0, 0, 2, 2]]
    one = select_boxes(bboxes, scores, labels, (10, 20), 0.2, 1)
    assert one[2].tolist() == [1]


# ------------------------------------------------------------------------- errors


@pytest.mark.parametrize(
    'max_overlap, expected',
    [(None, [0, 1, 2, 3]), (0.7, [0, 1, 2, 3]), (0.6, [0, 1, 3]), (0.1, [0])],
)
def test_overlaps_of_all_categories(max_overlap, expected):
    """With the first, the others share 1/5, 2/3 and 1/8 of what both cover."""
    bboxes = np.array(
        [[0, 0, 10, 10], [0, 0, 10, 2], [0, 0, 15, 10], [5, 5, 12.5, 15]], np.float32
    )
    scores = np.array([0.9, 0.8, 0.7, 0.6], np.float32)
    labels = np.arange(4)
    found = select_boxes(bboxes, scores, labels, (20, 20), 0.0, 9, max_overlap)
    assert found[2].tolist() == expected
    assert found[0].tolist() == bboxes[expected].tolist()


def test_a_pose_config_is_refused(files):
    with pytest.raises(ValueError, match='not the config of a detector.*LoadImage'):
        GarmentDetector('demo/cpn_r18_fashionai_blouse', files[1])


@pytest.mark.slow
def test_weights_of_another_network(files, tmp_path):
    cfg = Config.fromfile(files[0])
    cfg.model.bbox_head.num_classes = 4
    with pytest.raises(ValueError, match='det.pth does not fit the loaded config'):
        GarmentDetector(cfg, files[1])


@pytest.mark.slow
def test_other_classes(files, tmp_path):
    other = save_detector(files[0], tmp_path / 'o.pth', ('a', 'b', 'c', 'd', 'e'))
    with pytest.raises(ValueError, match=r"trained for the classes \('a', 'b'"):
        GarmentDetector(files[0], other)


@pytest.mark.slow
def test_no_classes(files, tmp_path):
    content = torch.load(files[1], weights_only=True)
    torch.save(content['state_dict'], tmp_path / 'bare.pth')
    cfg = Config.fromfile(files[0])
    assert len(GarmentDetector(cfg, tmp_path / 'bare.pth').classes) == 5
    del cfg.test_dataloader.dataset.metainfo
    every = GarmentDetector(cfg, tmp_path / 'bare.pth')
    assert every.classes == garments.categories('fashionai')
    del cfg.test_dataloader.dataset.benchmark
    with pytest.raises(ValueError, match='names the classes; give the config'):
        GarmentDetector(cfg, tmp_path / 'bare.pth')
