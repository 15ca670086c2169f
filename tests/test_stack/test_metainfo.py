"""Garment datasets in MMPose's wrappers, which ask for their key points."""

import json

import numpy as np
import pytest
from mmengine.registry import DefaultScope
from mmpose.registry import DATASETS, EVALUATORS
from skirt_annotations import POINTS, annotation, coco, image

from fashion_mmpose import garments


@pytest.fixture(autouse=True)
def scope():
    with DefaultScope.overwrite_default_scope('mmpose'):
        yield


@pytest.fixture
def skirts(tmp_path):
    """Settings: two skirts in their own layout, one of them in that of all."""
    few = tmp_path / 'skirt.json'
    pictures = [image(1), image(2)]
    few.write_text(
        json.dumps(coco(pictures, [annotation(1, POINTS), annotation(2, POINTS)]))
    )
    names = garments.keypoints('fashionai')
    own = dict(zip(garments.keypoints('fashionai', 'skirt'), zip(*[iter(POINTS)] * 3)))
    whole = [value for name in names for value in own.get(name, (0, 0, 0))]
    all_of = tmp_path / 'all.json'
    all_of.write_text(json.dumps(coco(pictures[:1], [annotation(1, whole)], None)))
    common = dict(type='FashionAIDataset', test_mode=True, data_prefix=dict(img='root'))
    return (
        dict(common, ann_file=str(few), category='skirt'),
        dict(common, ann_file=str(all_of)),
    )


def sample(dataset, index, shift):
    """What a network says that is ``shift`` px off."""
    info = DATASETS.build(dataset)[index]
    points = np.reshape(info['raw_ann_info']['keypoints'], (1, -1, 3))[..., :2]
    keys = ('img_id', 'category_id', 'raw_ann_info', 'dataset_name')
    return {key: info[key] for key in keys} | dict(
        pred_instances=dict(
            keypoints=points + shift,
            keypoint_scores=np.ones(points.shape[:2]),
            bboxes=np.zeros((1, 4)),
            bbox_scores=np.ones(1),
        )
    )


def test_each_metric_scores_its_own_data_set(skirts):
    metrics = [dict(type='NormalizedError', prefix=name) for name in ('few', 'all')]
    evaluator = EVALUATORS.build(
        dict(type='MultiDatasetEvaluator', metrics=metrics, datasets=skirts)
    )
    one, other = (metric.dataset_meta for metric in evaluator.metrics)
    assert (one['category'], other['category']) == ('skirt', None)
    evaluator.dataset_meta = other  # as a loop does, of the wrapper
    few, all_of = skirts
    # The waistband, by which errors are divided, is 60 px wide.
    tested = [sample(few, 0, 6), sample(few, 1, 6), sample(all_of, 0, 3)]
    evaluator.process(tested, dict(inputs=tested, data_samples=tested))
    numbers = evaluator.evaluate(3)
    assert numbers['few/NE'] == pytest.approx(np.hypot(6, 6) / 60)
    assert numbers['all/NE'] == pytest.approx(np.hypot(3, 3) / 60)


def test_data_sets_of_one_name_cannot_be_told_apart(skirts):
    metrics = [dict(type='NormalizedError', prefix=name) for name in ('a', 'b')]
    with pytest.raises(ValueError, match='two data sets called fashionai_skirt, .*one'):
        EVALUATORS.build(
            dict(
                type='MultiDatasetEvaluator', metrics=metrics, datasets=[skirts[0]] * 2
            )
        )


def test_stock_data_sets_have_the_key_points_of_their_class():
    pck = dict(type='PCKAccuracy')
    evaluator = EVALUATORS.build(
        dict(
            type='MultiDatasetEvaluator',
            metrics=[pck, pck],
            datasets=[dict(type='CocoDataset'), dict(type='MpiiDataset')],
        )
    )
    assert list(evaluator.metrics_dict) == ['coco', 'mpii']


def test_key_points_that_combined_data_sets_share(skirts):
    few, all_of = skirts
    combined = dict(type='CombinedDataset', metainfo={})
    joined = DATASETS.build(dict(combined, datasets=[few, dict(few, indices=1)]))
    assert joined.metainfo['dataset_name'] == 'fashionai_skirt'
    assert joined.get_data_info(2)['img_id'] == 1
    for datasets in ([few, all_of], [few, dict(type='CocoDataset')]):
        with pytest.raises(
            ValueError, match='common: fashionai_skirt, .*give metainfo'
        ):
            DATASETS.build(dict(combined, datasets=datasets))


def test_classes_of_a_detectors_data_set(skirts):
    with pytest.raises(
        ValueError, match=r'has classes and lacks .*categories=\['
    ) as told:
        DATASETS.build(dict(skirts[1], metainfo=dict(classes=('skirt',))))
    assert 'keypoint_info' in str(told.value)
    empty = DATASETS.build(dict(skirts[1], metainfo={}))
    assert empty.metainfo['num_keypoints'] == 24
