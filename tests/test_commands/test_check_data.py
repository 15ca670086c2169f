"""All data of a config read beforehand."""

import json

import cv2
import pytest
import tiny_detector
from mmengine.registry import DefaultScope
from small_data import data_config, small_set, spoil, write_small_data

from fashion_mmpose.commands.check_data import check_data, main


@pytest.fixture
def data(tmp_path):
    return write_small_data(tmp_path)


def check(**datasets):
    with DefaultScope.overwrite_default_scope('mmpose'):
        return check_data(data_config(**datasets))


def test_nothing_is_broken(data):
    report = check(train=small_set(data), val=small_set(data, test_mode=True))
    assert list(report.lines()) == ['annotation files: 1, pictures: 4, broken: 0']


def test_all_that_is_broken_is_told_at_once(data):
    cut = spoil(data, 0)
    (data / '1.png').unlink()
    cv2.imwrite(str(data / '2.png'), cv2.imread(str(data / '2.png'))[:90])
    (data / 'boxes.json').write_text('[{"image_id": 1}]')
    (data / 'deep.json').write_text('[' * 5000)
    report = check(
        train=small_set(data),
        val=small_set(data, test_mode=True, bbox_file=str(data / 'boxes.json')),
        test=small_set(data) | dict(ann_file='deep.json'),
    )
    lines = list(report.lines())
    assert lines[-1] == (
        'annotation files: 1, files of boxes: 1, pictures: 4, broken: 5'
    )

    def parts_of(text):
        (parts,) = (parts for line, parts in report.faults.items() if text in line)
        return parts

    assert parts_of('boxes.json: box 0 has no') == ['val']
    assert parts_of('deep.json') == ['test']
    assert parts_of(f'{cut} (PNG) is cut short') == ['train', 'val']
    assert parts_of('1.png: No such file') == ['train', 'val']
    assert parts_of('2.png has 50x90 pixels, of which') == ['train', 'val']
    assert all(line.startswith('broken: ') for line in lines[:-1])


def test_the_sizes_of_all_annotation_files_are_compared(data):
    """Also of a file that is read after another one with the same pictures."""
    content = json.loads((data / 'fashionai.json').read_text())
    first = content['images'][0]
    first['width'], first['height'] = first['height'] + 1, first['width']
    (data / 'turned.json').write_text(json.dumps(content))
    report = check(
        train=small_set(data),
        val=small_set(data, test_mode=True),
        test=small_set(data, test_mode=True) | dict(ann_file='turned.json'),
    )
    ((line, parts),) = report.faults.items()
    said = f'turned.json says {first["width"]}x{first["height"]}'
    assert first['file_name'] in line and said in line
    assert parts == ['test']
    assert len(report.pictures) == 4


def test_both_files_of_a_data_set_may_be_broken(data):
    (data / 'boxes.json').write_text('{}')
    settings = small_set(data, test_mode=True, bbox_file=str(data / 'boxes.json'))
    report = check(test=settings | dict(ann_file='none.json'))
    missing, boxes = report.faults
    assert 'none.json does not exist' in missing and 'boxes.json' in boxes


def test_boxes_in_unknown_pictures(data):
    box = dict(image_id=9, category_id=1, bbox=[1, 1, 5, 5], score=0.5)
    (data / 'boxes.json').write_text(json.dumps([box]))
    settings = small_set(data, test_mode=True, bbox_file=str(data / 'boxes.json'))
    (line,) = check(test=settings).faults
    assert 'box 0 is of image 9, which' in line


@pytest.mark.parametrize('wrapper', ['ConcatDataset', 'RepeatDataset', 'Combined'])
def test_data_sets_in_wrappers(data, tmp_path_factory, wrapper):
    other = write_small_data(tmp_path_factory.mktemp('other'))
    cut = spoil(other, 3)
    sets = [small_set(data), small_set(other)]
    settings = {
        'ConcatDataset': dict(type='ConcatDataset', datasets=sets),
        'RepeatDataset': dict(type='RepeatDataset', times=2, dataset=sets[1]),
        'Combined': dict(
            type='RepeatDataset',
            times=2,
            dataset=dict(type='CombinedDataset', metainfo={}, datasets=sets),
        ),
    }[wrapper]
    report = check(train=settings)
    (line,) = report.faults
    assert cut in line
    assert len(report.pictures) == (4 if wrapper == 'RepeatDataset' else 8)


def test_the_annotations_of_evaluators(data):
    cfg = data_config(val=small_set(data, test_mode=True))
    metric = dict(type='GarmentOKS', ann_file=str(data / 'none.json'))
    for evaluator in ([metric], metric, dict(type='Evaluator', metrics=metric)):
        cfg.val_evaluator = evaluator
        with DefaultScope.overwrite_default_scope('mmpose'):
            (line,) = check_data(cfg).faults
        assert 'none.json does not exist' in line
    cfg.val_evaluator.metrics.ann_file = str(data / 'fashionai.json')
    with DefaultScope.overwrite_default_scope('mmpose'):
        assert not check_data(cfg).faults


@pytest.mark.slow
def test_the_command(data, tmp_path_factory, capsys):
    """Of the config of a detector; with the exit code that scripts ask for."""
    annotations = data / 'annotations'
    annotations.mkdir()
    text = (data / 'fashionai.json').read_text()
    for part in ('train', 'val', 'test'):
        (annotations / f'{part}_all.json').write_text(text)
    config = tiny_detector.write_config(tmp_path_factory.mktemp('c') / 'd.py', data)
    assert main([str(config), '--workers', '1']) == 0
    assert capsys.readouterr().out.endswith('pictures: 4, broken: 0\n')
    cut = spoil(data, 1)
    assert main([str(config), '--workers', '1']) == 1
    line, counts = capsys.readouterr().out.splitlines()[-2:]
    assert line.startswith(f'broken: {cut} ') and line.endswith('(train, val, test)')
    assert counts.endswith('broken: 1')
    assert main([str(config), '--loaders', 'val', '--workers', '1']) == 1
    line, counts = capsys.readouterr().out.splitlines()[-2:]
    assert line.endswith('(val)') and counts == (
        'annotation files: 1, pictures: 4, broken: 1'
    )
    assert main([str(config), '--workers', '0']) == 1
    assert '--workers 0: it must be at least 1' in capsys.readouterr().err
