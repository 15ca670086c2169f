"""Every detector's config: its classes, its data and its network."""

import json

import pytest
import torch
from config_toolbox import LOADERS, own_copy
from mmengine.config import Config
from mmengine.registry import DefaultScope

from fashion_mmpose import garments
from fashion_mmpose.commands.runs.running import set_testing
from fashion_mmpose.config.checks import check_codecs, check_members
from fashion_mmpose.config.loading import config_names, find_config, load_config
from fashion_mmpose.config.parts import is_detector

NAMES = [name for name in config_names() if name.startswith('detection/')]


@pytest.fixture(params=NAMES)
def config(request):
    return own_copy(request.param)


@pytest.fixture
def mmdet_scope():
    """MMDetection's registries, for one test."""
    with DefaultScope.overwrite_default_scope('mmdet'):
        yield


def class_count(model):
    """``num_classes`` of the head that classifies."""
    head = model.bbox_head if 'bbox_head' in model else model.roi_head.bbox_head
    return head.num_classes


def test_there_are_the_promised_configs():
    promised = {
        'detection/rtmdet_tiny_fashionai',
        'detection/rtmdet_s_deepfashion2',
        'detection/retinanet_r50_fashionai',
        'detection/faster_rcnn_r50_deepfashion2',
        'detection/rtmdet_demo_fashionai',
        'detection/rtmdet_demo_deepfashion2',
        'detection/rtmdet_outfits_deepfashion2',
    }
    assert promised <= set(NAMES)


@pytest.mark.slow
def test_classes_are_the_tables(config):
    benchmark = config.filename.removesuffix('.py').rpartition('_')[2]
    expected = garments.categories(benchmark)
    if config.filename.endswith('rtmdet_outfits_deepfashion2.py'):
        pose = load_config('demo/res18_outfits_deepfashion2')
        wanted = pose.train_dataloader.dataset.categories
        expected = tuple(name for name in expected if name in wanted)
        assert len(expected) == len(wanted) == 5
    for loader in LOADERS:
        dataset = config[loader].dataset
        assert dataset.type == 'GarmentBoxDataset' and dataset.benchmark == benchmark
        assert tuple(dataset.metainfo.classes) == expected
    assert class_count(config.model) == len(expected)


@pytest.mark.slow
def test_runs_like_every_other_config(config):
    assert is_detector(config)
    check_codecs(config)  # has nothing to say
    check_members(config)
    hooks = [hook.type for hook in config.custom_hooks]
    assert {'mmpose.EpochSeedHook', 'mmpose.ProgressBarHook'} <= set(hooks)
    checkpoint = config.default_hooks.checkpoint
    assert checkpoint.type == 'mmpose.ValidatedCheckpointHook'
    assert checkpoint.save_best == 'coco/bbox_mAP'
    # What EpochSeedHook relies on.
    assert config.train_dataloader.persistent_workers is False
    assert config.train_dataloader.worker_init_fn.type == 'keep_worker_seed'
    assert config.auto_scale_lr.base_batch_size == config.train_dataloader.batch_size, (
        'the learning rate is for one process'
    )
    for part in ('val', 'test'):
        dataset = config[f'{part}_dataloader'].dataset
        evaluator = config[f'{part}_evaluator']
        assert evaluator.type == 'CocoMetric' and evaluator.metric == 'bbox'
        # The metric's classes are those of the file that the boxes are of.
        assert evaluator.ann_file == dataset.data_root + dataset.ann_file
        assert dataset.test_mode


@pytest.mark.slow
def test_schedule_ends_with_the_training(config):
    ends = [step.get('end') for step in config.param_scheduler if 'end' in step]
    epochs = config.train_cfg.max_epochs
    by_epoch = [
        step.end
        for step in config.param_scheduler
        if step.get('by_epoch', True) and 'end' in step
    ]
    assert ends and all(end == epochs for end in by_epoch)
    for hook in config.custom_hooks:
        if hook.type == 'PipelineSwitchHook':
            assert 0 < hook.switch_epoch < epochs
            types = [step.type for step in hook.switch_pipeline]
            assert 'CachedMosaic' not in types and 'CachedMixUp' not in types


@pytest.mark.slow
def test_network_builds_and_looks_at_every_class(config, mmdet_scope):
    from mmdet.registry import MODELS, TRANSFORMS

    for loader in LOADERS:
        for step in config[loader].dataset.pipeline:
            assert TRANSFORMS.build(dict(step)) is not None
    with torch.device('meta'), torch.no_grad():
        model = MODELS.build(config.model).eval()
        features = model.extract_feat(torch.rand(1, 3, 256, 256))
        if hasattr(model, 'roi_head'):
            pooled = torch.rand(2, 256, 7, 7)
            scores = [model.roi_head.bbox_head(pooled)[0]]
            expected = class_count(config.model) + 1  # and background
        else:
            scores = model.bbox_head(features)[0]
            anchors = getattr(model.bbox_head, 'num_base_priors', 1)
            expected = class_count(config.model) * anchors
    assert {score.shape[1] for score in scores} == {expected}


def test_without_mmdet_the_mend_is_named(monkeypatch):
    def from_file(path):
        raise ModuleNotFoundError('mmdet is not installed')

    def import_module(name):
        raise ModuleNotFoundError(f'No module named {name!r}')

    monkeypatch.setattr(Config, 'fromfile', from_file)
    monkeypatch.setattr(
        'fashion_mmpose.stack.compat.importlib.import_module', import_module
    )
    with pytest.raises(ImportError, match='`pip install --no-deps mmdet==3.3.0`'):
        load_config('detection/rtmdet_tiny_fashionai')


# ------------------------------------------------------------------------ dataset


def coco_file(tmp_path, boxes):
    """A FashionAI file of one 100x80 image, then one without garments.

    ``boxes`` are (category id, xywh, iscrowd) of the first image.
    """
    categories = [
        dict(
            id=garments.garment('fashionai', name).category_id,
            name=name,
            keypoints=list(garments.keypoints('fashionai')),
        )
        for name in garments.categories('fashionai')
    ]
    images = [
        dict(id=7, file_name='a.jpg', folder='part', width=100, height=80),
        dict(id=3, file_name='b.jpg', width=60, height=20),
    ]
    annotations = [
        dict(
            id=number,
            image_id=7,
            category_id=category_id,
            bbox=bbox,
            area=1,
            iscrowd=iscrowd,
            keypoints=[0] * 72,
        )
        for number, (category_id, bbox, iscrowd) in enumerate(boxes, 1)
    ]
    path = tmp_path / 'boxes.json'
    content = dict(images=images, annotations=annotations, categories=categories)
    path.write_text(json.dumps(content))
    return path


def dataset(tmp_path, boxes, classes=('dress', 'trousers'), **kwargs):
    from fashion_mmpose.datasets.garment_boxes import GarmentBoxDataset

    return GarmentBoxDataset(
        benchmark='fashionai',
        ann_file=str(coco_file(tmp_path, boxes)),
        data_prefix=dict(img='pictures'),
        metainfo=dict(classes=classes),
        pipeline=[],
        **kwargs,
    )


BOXES = [
    (5, [90, 70, 30, 30], 0),  # reaches beyond the image
    (1, [0, 0, 10, 10], 0),  # a blouse, no class of the dataset
    (3, [10, 10, 0.5, 20], 0),  # too thin
    (3, [5, 6, 20, 30], 1),  # a crowd
]


@pytest.mark.slow
def test_records_of_the_images(tmp_path):
    first, second = dataset(tmp_path, BOXES, test_mode=True)
    assert first['img_id'] == 7 and first['img_path'] == 'pictures/part/a.jpg'
    assert (first['width'], first['height']) == (100, 80)
    assert first['instances'] == [
        dict(bbox=[90, 70, 100, 80], bbox_label=1, ignore_flag=0),
        dict(bbox=[5, 6, 25, 36], bbox_label=0, ignore_flag=1),
    ]
    assert second['img_path'] == 'pictures/b.jpg' and second['instances'] == []


@pytest.mark.slow
@pytest.mark.parametrize(
    'filter_cfg, kept',
    [
        pytest.param(None, [7, 3], id='none'),
        pytest.param(dict(filter_empty_gt=True), [7], id='no-garment'),
        pytest.param(dict(min_size=20), [7, 3], id='just-large-enough'),
        pytest.param(dict(min_size=21), [7], id='small'),
    ],
)
def test_training_leaves_images_out(tmp_path, filter_cfg, kept):
    records = dataset(tmp_path, BOXES, filter_cfg=filter_cfg)
    assert [record['img_id'] for record in records] == kept


@pytest.mark.parametrize(
    'classes, message',
    [
        pytest.param(('trousers', 'dress'), 'in their order', id='order'),
        pytest.param(('dress', 'dress'), 'in their order', id='twice'),
        pytest.param((), 'must name categories', id='none'),
        pytest.param(('person',), "unknown fashionai category 'person'", id='unknown'),
    ],
)
def test_wrong_classes(tmp_path, classes, message):
    with pytest.raises(ValueError, match=message):
        dataset(tmp_path, BOXES, classes=classes)


# -------------------------------------------------------------------------- tools


@pytest.mark.slow
def test_testing_options_of_a_detector(tmp_path):
    (tmp_path / 'w.pth').touch()
    cfg = load_config('detection/rtmdet_demo_fashionai')
    set_testing(cfg, str(tmp_path / 'w.pth'), show_dir=str(tmp_path))
    hook = cfg.default_hooks.visualization
    assert (hook.type, hook.draw) == ('mmpose.BoxPicturesHook', True)
    assert hook.test_out_dir == str(tmp_path)
    for options in (dict(bbox_file='boxes.json'), dict(out_files=['p.json'])):
        with pytest.raises(ValueError, match='tools/detect.py writes the boxes'):
            set_testing(cfg, str(tmp_path / 'w.pth'), **options)


@pytest.mark.parametrize(
    'name',
    ['detection/rtmdet_demo_fashionai', 'detection/faster_rcnn_r50_deepfashion2'],
)
@pytest.mark.slow
def test_one_and_two_stages_learn_and_find(name, mmdet_scope):
    """On torchvision's operators, losses reach the weights and boxes come out."""
    from mmdet.registry import MODELS
    from mmdet.structures import DetDataSample
    from mmengine.structures import InstanceData

    model_cfg = Config.fromfile(find_config(name)).model
    if 'roi_head' in model_cfg:
        model_cfg.backbone.update(depth=18, base_channels=8, init_cfg=None)
        model_cfg.backbone.update(frozen_stages=-1, norm_eval=False)
        model_cfg.neck.in_channels = [8, 16, 32, 64]
        model_cfg.roi_head.bbox_head.fc_out_channels = 16
    torch.manual_seed(0)
    model = MODELS.build(model_cfg)
    sample = DetDataSample(
        gt_instances=InstanceData(
            bboxes=torch.tensor([[10.0, 20, 50, 60]]), labels=torch.tensor([3])
        )
    )
    meta = dict(img_shape=(64, 64), ori_shape=(64, 64), scale_factor=(1.0, 1.0))
    sample.set_metainfo(meta)
    empty = DetDataSample(  # a picture without garments
        gt_instances=InstanceData(
            bboxes=torch.zeros(0, 4), labels=torch.zeros(0, dtype=torch.long)
        ),
        metainfo=meta,
    )
    data = dict(
        inputs=[torch.randint(0, 256, (3, 64, 64), dtype=torch.uint8)] * 2,
        data_samples=[sample, empty],
    )
    losses = model(**model.data_preprocessor(data, True), mode='loss')
    total, _ = model.parse_losses(losses)
    assert torch.isfinite(total) and total > 0
    total.backward()
    head = model.roi_head.bbox_head if hasattr(model, 'roi_head') else model.bbox_head
    for part in (model.backbone, head):
        gradients = [p.grad for p in part.parameters() if p.grad is not None]
        assert sum(gradient.abs().sum() for gradient in gradients) > 0
    model.eval()
    model.test_cfg.get('rcnn', model.test_cfg).score_thr = 0.0
    results = model.test_step(data)
    assert len(results) == 2 and len(results[0].pred_instances) > 0


@pytest.mark.slow
def test_the_metric_numbers_classes_as_the_dataset(tmp_path, mmdet_scope):
    """The annotations as predictions have a mAP of 1, with shifted labels 0."""
    from mmdet.registry import METRICS

    boxes = [(5, [10, 10, 30, 30], 0), (1, [40, 5, 40, 60], 0)]
    classes = garments.categories('fashionai')
    data = dataset(tmp_path, boxes, classes=classes, test_mode=True)
    scores = []
    for shift in (0, 1):
        metric = METRICS.build(
            dict(type='CocoMetric', ann_file=data.ann_file, metric='bbox')
        )
        metric.dataset_meta = data.metainfo
        for record in data:
            instances = record['instances']
            labels = [(i['bbox_label'] + shift) % 5 for i in instances]
            predicted = dict(
                bboxes=torch.tensor([i['bbox'] for i in instances]).view(-1, 4),
                scores=torch.ones(len(instances)),
                labels=torch.tensor(labels, dtype=torch.long),
            )
            size = record['height'], record['width']
            sample = dict(
                img_id=record['img_id'], ori_shape=size, pred_instances=predicted
            )
            metric.process({}, [sample])
        scores.append(metric.evaluate(len(data))['coco/bbox_mAP'])
    assert scores == [1.0, 0.0]


def test_real_boxes(fashion_data):
    """The 32 pictures of DeepFashion2 with 55 garments, whose points are numbered."""
    from fashion_mmpose.datasets.garment_boxes import GarmentBoxDataset

    folder = fashion_data / 'deepfashion2'
    data = GarmentBoxDataset(
        benchmark='deepfashion2',
        ann_file=str(folder / 'train-coco_style-32.json'),
        data_prefix=dict(img=str(folder / 'image')),
        metainfo=dict(classes=garments.categories('deepfashion2')),
        pipeline=[dict(type='mmdet.LoadImageFromFile')],
    )
    assert len(data) == 32
    assert sum(len(record['instances']) for record in data) == 55
    first = data[0]
    assert first['img'].shape == (first['height'], first['width'], 3)
    names = [data.metainfo['classes'][i['bbox_label']] for i in first['instances']]
    assert names == ['skirt', 'vest']
    assert first['instances'][0]['bbox'] == [0, 434, 362, 623]
