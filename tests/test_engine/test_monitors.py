"""What metrics are told; those that decide about a training are given by it."""

import json
from contextlib import nullcontext, suppress
from pathlib import Path
from types import SimpleNamespace

import pytest
from mmengine.dataset import RepeatDataset
from mmengine.registry import DefaultScope
from mmpose.datasets.datasets.utils import parse_pose_metainfo
from mmpose.evaluation import CocoMetric
from mmpose.registry import METRICS
from skirt_annotations import POINTS, annotation, coco, image
from toy_training import Numbers, Script, toy_runner

from fashion_mmpose import garments
from fashion_mmpose.datasets import FashionAIDataset
from fashion_mmpose.engine import PersistentEarlyStoppingHook, ValidatedCheckpointHook
from fashion_mmpose.engine.monitors import annotated_categories, inform_metrics
from fashion_mmpose.engine.runner import TrainingRunner
from fashion_mmpose.evaluation.functional.directions import rule_of_score
from fashion_mmpose.evaluation.functional.oks import NUMBERS

SKIRT = dict(
    benchmark='fashionai', dataset_name='fashionai_skirt', categories=('skirt',)
)
TOPS = dict(benchmark='deepfashion2', categories=('vest', 'sling'))


def test_mmposes_metric_does_not_take_another_layout(tmp_path):
    whole = tmp_path / 'all.json'
    whole.write_text(
        json.dumps(coco([image(1)], [annotation(1, [0, 0, 1] * 24)], None))
    )
    metric = CocoMetric(ann_file=str(whole))
    loop = SimpleNamespace(evaluator=SimpleNamespace(metrics=[metric]))
    for category, fits in ((None, True), ('skirt', False)):
        metric.dataset_meta = parse_pose_metainfo(
            garments.metainfo('fashionai', category)
        )
        told = 'of 24 key points, and those of fashionai_skirt are 4; to fix it'
        with nullcontext() if fits else pytest.raises(ValueError, match=told):
            inform_metrics(loop)


class Known(Script):
    """The script's score, of a metric that says its names."""

    def metric_names(self):
        return ['fashionai/NE', 'fashionai/num_points']


class Skirts(Numbers):
    metainfo = SKIRT


def runner(folder, metric=Known, **settings):
    holder = []
    loader = dict(
        dataset=Skirts(),
        batch_size=2,
        sampler=dict(type='DefaultSampler', shuffle=False),
    )
    run = toy_runner(
        folder,
        [0.5] * 3,
        max_epochs=1,
        runner_type=TrainingRunner,
        val_dataloader=loader,
        val_evaluator=[metric([0.5] * 3, holder)],
        **settings,
    )
    holder.append(run)
    return run


def early_stop(kind, monitor):
    hook = dict(type=kind, monitor=monitor, rule='less')
    return dict(custom_hooks=[hook])


def plateau(monitor):
    return dict(
        param_scheduler=[dict(type='ReduceOnPlateauLR', monitor=monitor, rule='less')]
    )


def best(name):
    return dict(checkpoint=dict(save_best=name, rule='less'))


@pytest.mark.parametrize(
    'settings, what',
    [
        (best('fashionai/ne'), 'save_best of ValidatedCheckpointHook'),
        (best(['fashionai/NE', 'fashionai/ne']), 'save_best of Validated'),
        (early_stop('EarlyStoppingHook', 'fashionai/ne'), 'monitor of EarlyStop'),
        (early_stop('PersistentEarlyStoppingHook', 'fashionai/ne'), 'monitor of Pers'),
        (plateau('fashionai/ne'), 'monitor of ReduceOnPlateauLR'),
    ],
    ids=['best', 'two-best', 'early-stop', 'our-early-stop', 'schedule'],
)
def test_an_unknown_metric_is_refused_before_the_first_step(tmp_path, settings, what):
    run = runner(tmp_path, **settings)
    message = f"{what}.* is 'fashionai/ne', .*; the nearest is 'fashionai/NE'; to fix"
    with pytest.raises(ValueError, match=message):
        run.train()
    assert run.iter == 0
    # A stock metric does not say its names.
    other = runner(tmp_path / 'other', metric=Script, **settings)
    # As MMEngine has it, this fails after the validation, if it does.
    with suppress(KeyError, RuntimeError):
        other.train()
    assert other.iter == 1


@pytest.mark.parametrize(
    'settings',
    [
        best('fashionai/NE'),
        best('auto'),
        early_stop('PersistentEarlyStoppingHook', 'fashionai/NE'),
        plateau('fashionai/NE'),
        {},
    ],
    ids=['best', 'auto', 'early-stop', 'schedule', 'nothing'],
)
def test_known_metrics_are_taken(tmp_path, settings):
    run = runner(tmp_path, **settings)
    run.train()
    assert run.iter == 1


@pytest.mark.parametrize(
    'settings, name, better',
    [
        (dict(checkpoint=dict(save_best='tops/AP', rule='less')), 'tops/AP', 'more'),
        (
            dict(checkpoint=dict(save_best=['a/NE', 'a/AP.5'], rule='less')),
            'a/AP.5',
            'more',
        ),
        (
            dict(
                custom_hooks=[
                    dict(type='EarlyStoppingHook', monitor='a/NE_cuff', rule='greater')
                ]
            ),
            'a/NE_cuff',
            'less',
        ),
        # MMEngine's default is less.
        (
            dict(param_scheduler=[dict(type='ReduceOnPlateauLR', monitor='AR')]),
            'AR',
            'more',
        ),
    ],
    ids=['best', 'two best', 'early stop', 'schedule'],
)
def test_a_rule_that_keeps_the_worst_is_refused(tmp_path, settings, name, better):
    run = runner(tmp_path, metric=Script, **settings)
    message = f"is '{name}', of which {better} is better, and its rule is .*; to fix"
    with pytest.raises(ValueError, match=message):
        run.train()
    assert run.iter == 0


@pytest.mark.parametrize(
    'name, rule',
    [
        ('fashionai/NE', 'less'),
        ('NE_hem', 'less'),
        # MMEngine finds an accuracy, `top`, in these.
        ('tops/NE', 'less'),
        ('fashionai/NE_top_hem_left', 'less'),
        ('deepfashion2/AP', 'greater'),
        ('deepfashion2/AP(M)', 'greater'),
        ('deepfashion2/AR.75', 'greater'),
        ('deepfashion2/AP_sling_dress', 'greater'),
        ('deepfashion2/box_AP.5', 'greater'),
        ('coco/bbox_mAP_50', 'greater'),
        ('fashionai/state_accuracy', 'greater'),
        ('NEAREST/loss', None),
        ('fashionai/num_points', None),
        ('APE', None),
    ],
)
def test_the_rule_of_a_score(name, rule):
    assert rule_of_score(name) == rule
    if rule is not None:
        assert ValidatedCheckpointHook(save_best=name).rules == [rule]
        assert PersistentEarlyStoppingHook(monitor=name).rule == rule


def test_the_best_is_found_without_a_rule(tmp_path):
    """By a name that is known, and by the first of a validation."""
    for name in ('fashionai/NE', 'auto'):
        run = toy_runner(
            tmp_path / name.replace('/', '_'),
            [0.5, 0.3, 0.4],
            max_epochs=3,
            checkpoint=dict(save_best=name),
        )
        run.train()
        assert [each.name for each in Path(run.work_dir).glob('best_*')] == [
            'best_fashionai_NE_epoch_2.pth'
        ]


@pytest.mark.parametrize(
    'metainfo, settings, expected',
    [
        (
            SKIRT,
            dict(type='NormalizedError'),
            {
                'fashionai/NE',
                'fashionai/num_points',
                'fashionai/num_skipped_images',
                'fashionai/num_missing_images',
                'fashionai/NE_skirt',
            },
        ),
        (
            TOPS,
            dict(type='GarmentOKS'),
            {
                *(f'deepfashion2/{name}' for name in NUMBERS),
                'deepfashion2/AP_vest',
                'deepfashion2/AP_sling',
            },
        ),
        (
            SKIRT,
            dict(type='GarmentOKS', per_category=False, prefix='x'),
            {f'x/{name}' for name in NUMBERS},
        ),
        (SKIRT, dict(type='GarmentOKS', format_only=True, out_file='p.json'), set()),
        (SKIRT, dict(type='PredictionFile', out_files=['p.json']), set()),
        (SKIRT, dict(type='PictureFiles', out_dir='d'), set()),
    ],
    ids=['ne', 'oks', 'prefix', 'format-only', 'file', 'pictures'],
)
def test_the_names_of_our_metrics(metainfo, settings, expected):
    with DefaultScope.overwrite_default_scope('mmpose'):
        metric = METRICS.build(settings)
    metric.dataset_meta = metainfo
    assert set(metric.metric_names()) == expected


def test_the_names_of_key_points():
    with DefaultScope.overwrite_default_scope('mmpose'):
        metric = METRICS.build(dict(type='NormalizedError', per_keypoint=True))
    metric.dataset_meta = SKIRT
    assert metric.metric_names()[-4:] == [
        'fashionai/NE_waistband_left',
        'fashionai/NE_waistband_right',
        'fashionai/NE_hemline_left',
        'fashionai/NE_hemline_right',
    ]


def skirts_of_all(folder, **settings):
    """A validation set of all categories, in which there are two skirts."""
    full = [0] * 45 + POINTS + [0] * 15
    content = coco(
        [image(1), image(2)], [annotation(1, full), annotation(2, full)], None
    )
    path = folder / 'val.json'
    path.write_text(json.dumps(content))
    settings = dict(ann_file=str(path), test_mode=True, pipeline=[]) | settings
    with DefaultScope.overwrite_default_scope('mmpose'):
        return FashionAIDataset(**settings)


@pytest.mark.parametrize(
    'settings',
    [
        best('fashionai/NE_blouse'),
        early_stop('PersistentEarlyStoppingHook', 'fashionai/NE_blouse'),
        plateau('fashionai/NE_blouse'),
    ],
    ids=['best', 'early-stop', 'schedule'],
)
@pytest.mark.parametrize('lazy_init', [False, True])
def test_a_category_that_does_not_occur_is_refused(tmp_path, settings, lazy_init):
    dataset = skirts_of_all(tmp_path, lazy_init=lazy_init)
    loader = dict(dataset=dataset, sampler=dict(type='DefaultSampler', shuffle=False))
    run = toy_runner(
        tmp_path,
        [0.5],
        max_epochs=1,
        runner_type=TrainingRunner,
        val_dataloader=loader,
        val_evaluator=[dict(type='NormalizedError')],
        **settings,
    )
    message = "is 'fashionai/NE_blouse', .* has no such garment; to fix it: .*NE_skirt$"
    with pytest.raises(ValueError, match=message):
        run.train()
    assert run.iter == 0


def test_the_categories_that_occur(tmp_path):
    whole = skirts_of_all(tmp_path)
    assert annotated_categories(whole) == {'skirt'}
    assert annotated_categories(RepeatDataset(whole, 2)) == {'skirt'}
    assert annotated_categories(Skirts()) is None
    assert annotated_categories(skirts_of_all(tmp_path, indices=[1])) == {'skirt'}
    # A detector may find none: the garments of the file are to be found all the same.
    boxes = tmp_path / 'boxes.json'
    boxes.write_text('[]')
    found = skirts_of_all(tmp_path, bbox_file=str(boxes))
    assert annotated_categories(found) == {'skirt'}


@pytest.mark.parametrize(
    'options, names',
    [
        pytest.param({}, {'deepfashion2/AP_vest'}, id='of the dataset'),
        pytest.param(
            dict(ann_file='other.json'),
            {'deepfashion2/AP_vest', 'deepfashion2/AP_sling'},
            id='of another file',
        ),
    ],
)
def test_the_names_where_categories_are_known(options, names):
    with DefaultScope.overwrite_default_scope('mmpose'):
        metric = METRICS.build(dict(type='GarmentOKS', **options))
    metric.dataset_meta = TOPS
    given = {*metric.metric_names({'vest', 'skirt'})}
    assert given == names | {f'deepfashion2/{name}' for name in NUMBERS}
