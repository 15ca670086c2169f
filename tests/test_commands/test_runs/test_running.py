"""From command line options to a config."""

from types import SimpleNamespace

import pytest
from category_runs import write_weights
from mmengine.config import Config

from fashion_mmpose.commands.runs import running
from fashion_mmpose.config.dataset_settings import check_files
from fashion_mmpose.config.loading import load_config


@pytest.fixture
def cfg():
    return load_config('cpn_r152_fashionai_skirt')


def test_resume(cfg, tmp_path):
    cfg.work_dir, cfg.load_from = str(tmp_path / 'run'), 'starter://fashionai'
    running.set_training(cfg, resume='auto')
    # Before the first checkpoint, the weights are those of a run without the option.
    assert not cfg.resume and cfg.load_from == 'starter://fashionai'
    write_weights(tmp_path / 'run/epoch_1.pth')
    running.set_training(cfg, resume='auto')
    assert cfg.resume is True and cfg.load_from is None
    checkpoint = tmp_path / 'epoch_2.pth'
    checkpoint.touch()
    running.set_training(cfg, resume=str(checkpoint))
    assert cfg.load_from == str(checkpoint)
    with pytest.raises(FileNotFoundError, match=r'epoch_9.pth does not exist'):
        running.set_training(cfg, resume=str(tmp_path / 'epoch_9.pth'))


def test_a_folder_stands_for_one_of_its_checkpoints(cfg, tmp_path):
    with pytest.raises(FileNotFoundError, match='has no checkpoint to go on from'):
        running.set_training(cfg, resume=str(tmp_path))
    with pytest.raises(FileNotFoundError, match='has no checkpoint: train it first'):
        running.set_testing(cfg, str(tmp_path))
    for name in ('epoch_1.pth', 'epoch_2.pth'):
        write_weights(tmp_path / name)
    (tmp_path / 'last_checkpoint').write_text('epoch_2.pth')
    running.set_testing(cfg, str(tmp_path))
    assert cfg.load_from == str(tmp_path / 'epoch_2.pth')
    write_weights(tmp_path / 'best_NE_epoch_1.pth')
    running.set_testing(cfg, str(tmp_path))
    assert cfg.load_from == str(tmp_path / 'best_NE_epoch_1.pth')
    running.set_training(cfg, resume=str(tmp_path))
    assert cfg.load_from == str(tmp_path / 'epoch_2.pth')


def test_all_missing_files_are_named_before_the_run(tmp_path):
    folder = tmp_path / 'annotations'
    folder.mkdir()
    for name in ('train_skirt.json', 'test_a_skirt.json'):
        (folder / name).touch()
    loaders = ('train_dataloader', 'val_dataloader', 'test_dataloader')
    options = {f'{each}.dataset.data_root': f'{tmp_path}/' for each in loaders}
    options |= {f'{each}.dataset.category': 'skirt' for each in loaders}
    cfg = load_config('small/cpn_r18', cfg_options=options)
    with pytest.raises(FileNotFoundError, match='val_skirt.json of val_dataloader'):
        running.build_runner(cfg)
    with pytest.raises(FileNotFoundError) as error:
        check_files(cfg, ('train', 'val', 'test'))
    first, second, mend = str(error.value).splitlines()
    assert 'val_skirt.json of val_dataloader does not exist' in first
    assert 'test_skirt.json of test_dataloader does not exist; there' in second
    assert 'test_a_skirt.json' in second
    assert mend.startswith('to fix it: ')


def test_missing_files_of_wrapped_data_sets_are_named(tmp_path):
    cfg = load_config('small/cpn_r18')
    one = dict(cfg.train_dataloader.dataset, data_root=str(tmp_path))
    other = dict(one, ann_file='annotations/{category}_more.json', category='skirt')
    wrapped = dict(type='RepeatDataset', times=2, dataset=[one, other])
    cfg.train_dataloader.dataset = dict(type='ConcatDataset', datasets=[wrapped])
    with pytest.raises(FileNotFoundError, match='skirt_more.json of train_d') as error:
        check_files(cfg, ('train',))
    assert len(str(error.value).splitlines()) == 3


def test_amp(cfg, monkeypatch):
    monkeypatch.setattr('torch.cuda.is_available', lambda: False)
    monkeypatch.setattr(running, 'cpu_has_bfloat16', lambda: False)
    with pytest.raises(RuntimeError, match='--amp needs a GPU'):
        running.set_training(cfg, amp=True)
    monkeypatch.setattr(running, 'cpu_has_bfloat16', lambda: True)
    running.set_training(cfg, amp=True)
    assert cfg.optim_wrapper.type == 'CpuAmpOptimWrapper'
    assert 'loss_scale' not in cfg.optim_wrapper
    monkeypatch.setattr('torch.cuda.is_available', lambda: True)
    running.set_training(cfg, amp=True)
    assert cfg.optim_wrapper.type == 'AmpOptimWrapper'
    assert cfg.optim_wrapper.loss_scale == 'dynamic'
    # A config that is made for GPUs trains on a CPU as well.
    cfg.optim_wrapper.update(dtype='float16', accumulative_counts=2)
    monkeypatch.setattr('torch.cuda.is_available', lambda: False)
    running.set_training(cfg, amp=True)
    assert cfg.optim_wrapper.keys() == {'type', 'optimizer', 'accumulative_counts'}


def test_auto_scale_lr(cfg):
    running.set_training(cfg, auto_scale_lr=True)
    assert cfg.auto_scale_lr == dict(base_batch_size=24, enable=True)
    with pytest.raises(ValueError, match='needs auto_scale_lr=dict'):
        running.set_training(Config(dict()), auto_scale_lr=True)


def test_testing(cfg, tmp_path):
    files = [tmp_path / name for name in ('w.pth', 'boxes.json')]
    for file in files:
        file.touch()
    running.set_testing(
        cfg, str(files[0]), str(files[1]), ['a.json', 'b.csv'], 'pictures'
    )
    assert cfg.load_from == str(files[0])
    assert cfg.test_dataloader.dataset.bbox_file == str(files[1])
    metric, writer, painter = cfg.test_evaluator
    assert metric.type == 'NormalizedError'
    assert writer == dict(type='PredictionFile', out_files=['a.json', 'b.csv'])
    assert painter == dict(type='PictureFiles', out_dir='pictures')
    assert cfg.default_hooks.visualization.enable is False
    with pytest.raises(ValueError, match=r'--out a.txt: its name must end in'):
        running.set_testing(cfg, str(files[0]), out_files=['a.txt'])
    weights, boxes = map(str, files)
    with pytest.raises(ValueError, match='boxes.json is an input'):
        running.set_testing(cfg, weights, boxes, ['a.csv', boxes])
    with pytest.raises(FileNotFoundError, match='none.json does not exist'):
        running.set_testing(cfg, str(files[0]), bbox_file='none.json')
    with pytest.raises(FileNotFoundError, match='none.pth does not exist'):
        running.set_testing(cfg, 'none.pth')


def test_metrics_are_added_to_a_plain_evaluator(cfg):
    scorer = dict(type='GarmentOKS', rescore=True)
    cfg.test_evaluator = dict(type='mmengine.Evaluator', metrics=[scorer])
    running.add_evaluator(cfg, dict(type='PCKAccuracy'))
    assert cfg.test_evaluator == [scorer, dict(type='PCKAccuracy')]
    several = dict(type='MultiDatasetEvaluator', metrics=[scorer], datasets=[{}])
    cfg.test_evaluator = several
    with pytest.raises(ValueError, match='a MultiDatasetEvaluator, .* one data set at'):
        running.add_evaluator(cfg, dict(type='PCKAccuracy'))
    assert cfg.test_evaluator == several


def test_the_scoring_of_written_predictions_is_found_in_an_evaluator(cfg, tmp_path):
    (tmp_path / 'w.pth').touch()
    scorer = dict(type='GarmentOKS', rescore=True)
    cfg.test_evaluator = dict(type='Evaluator', metrics=scorer)
    running.set_testing(cfg, str(tmp_path / 'w.pth'), out_files=['a.json'])
    assert cfg.test_evaluator[0] == scorer
    assert cfg.test_evaluator[1].scoring == dict(rescore=True)


def test_the_boxes_of_all_that_a_wrapper_holds(cfg, tmp_path):
    files = [tmp_path / name for name in ('w.pth', 'boxes.json')]
    for file in files:
        file.touch()
    weights, boxes = map(str, files)
    one = dict(cfg.test_dataloader.dataset, filter_cfg=None)
    other = dict(one, indices=3)
    repeated = dict(type='RepeatDataset', times=2, dataset=other)
    joined = dict(type='ConcatDataset', datasets=[one, repeated])
    cfg.test_dataloader.dataset = joined
    running.set_testing(cfg, weights, boxes)
    running.set_bbox_thr(cfg, 0.3)
    first, second = cfg.test_dataloader.dataset.datasets
    added = dict(bbox_file=boxes, filter_cfg=dict(bbox_score_thr=0.3))
    assert first == one | added and second == repeated | dict(dataset=other | added)


def test_predictions_do_not_replace_the_annotations(cfg, tmp_path):
    write_weights(tmp_path / 'epoch_1.pth')
    (tmp_path / 'labels.json').touch()
    (tmp_path / 'link.json').symlink_to(tmp_path / 'labels.json')
    dataset = dict(data_root=f'{tmp_path}/', ann_file='labels.json')
    cfg.test_dataloader.dataset.update(dataset)
    weights = str(tmp_path / 'epoch_1.pth')
    for name in ('labels.json', 'link.json'):
        with pytest.raises(ValueError, match='is an input, which would be written'):
            running.set_testing(cfg, weights, out_files=[str(tmp_path / name)])
    running.set_testing(cfg, weights, out_files=[str(tmp_path / 'p.json')])


def test_drawings_do_not_replace_the_pictures(tmp_path):
    paths = [str(tmp_path / name) for name in ('a/1.png', 'b/2.png')]
    dataset = SimpleNamespace(pictures=lambda: dict.fromkeys(paths))
    runner = SimpleNamespace(test_dataloader=SimpleNamespace(dataset=dataset))
    # Drawings are in the folders of the pictures.
    running.check_show_dir(runner, str(tmp_path / 'a'))
    with pytest.raises(ValueError, match='draw into another folder'):
        running.check_show_dir(runner, str(tmp_path))
