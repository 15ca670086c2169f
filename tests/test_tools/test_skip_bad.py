"""Training and testing without the pictures that cannot be read."""

import json
import shutil

import numpy as np
import pytest
import tiny_detector
from toolbox import CONFIG, ROOT, load_tool

pytestmark = pytest.mark.slow


@pytest.fixture(scope='module')
def damaged(drawn, tmp_path_factory):
    """A copy of the drawn data with a bad picture in each part; their names."""
    folder = tmp_path_factory.mktemp('damaged')
    shutil.copytree(drawn / 'data', folder / 'data')
    (folder / 'tiny.py').write_text(CONFIG.format(root=ROOT, data=folder / 'data'))
    bad = {}
    for part in ('train', 'val', 'test'):
        path = folder / f'data/annotations/{part}_blouse.json'
        image = json.loads(path.read_text())['images'][1]
        (picture,) = (folder / 'data').rglob(image['file_name'].rpartition('/')[2])
        picture.write_bytes(picture.read_bytes()[:-50])
        bad[part] = picture.name
    return folder, bad


def without(path, name):
    """A copy of an annotation file without a picture."""
    content = json.loads(path.read_text())
    (image_id,) = (i['id'] for i in content['images'] if i['file_name'].endswith(name))
    content['images'] = [i for i in content['images'] if i['id'] != image_id]
    content['annotations'] = [
        each for each in content['annotations'] if each['image_id'] != image_id
    ]
    other = path.with_name('without.json')
    other.write_text(json.dumps(content))
    return f'annotations/{other.name}'


def metrics_of(folder, work_dir):
    return json.loads((folder / work_dir / 'metrics.json').read_text())


@pytest.fixture
def call(damaged, monkeypatch):
    """Runs a tool in this process, in the folder with the bad pictures."""
    monkeypatch.chdir(damaged[0])
    return lambda name, *arguments: load_tool(name).main([*arguments])


def test_a_run_goes_on_without_them(damaged, call, capsys):
    folder, bad = damaged
    short = '--cfg-options', 'train_cfg.max_epochs=1'
    assert call('train.py', 'tiny.py', *short) == 1
    told = capsys.readouterr().err
    line = told.splitlines()[-1]
    assert line.startswith('error: ') and '(JPEG) is cut short' in line
    assert '--skip-bad' in line and 'Traceback' not in told

    assert call('train.py', 'tiny.py', '--skip-bad', *short) == 0
    log = ''.join(capsys.readouterr())
    for part in ('train', 'val'):
        assert f'{part}_blouse.json: 1 of ' in log and bad[part] in log

    arguments = 'tiny.py', 'work_dirs/tiny/epoch_1.pth'
    outputs = '--out', 'p.json', 'p.csv', '--report', 'report.html'
    assert call('test.py', *arguments, '--skip-bad', *outputs) == 0
    log = ''.join(capsys.readouterr())
    assert bad['test'] in log and '1 pictures that cannot be read are left out' in log
    measured = metrics_of(folder, 'work_dirs/tiny/test')
    assert measured['num_left_out'] == 1
    assert len(json.loads((folder / 'p.json').read_text())) == 4
    assert len((folder / 'p.csv').read_text().splitlines()) == 1 + 4
    assert '4 garments in 4 pictures' in (folder / 'report.html').read_text()

    fewer = without(folder / 'data/annotations/test_blouse.json', bad['test'])
    option = f'test_dataloader.dataset.ann_file={fewer}'
    assert call('test.py', *arguments, '--cfg-options', option) == 0
    expected = metrics_of(folder, 'work_dirs/tiny/test')
    assert 'num_left_out' not in expected
    assert measured['metrics']['fashionai/num_points'] > 0
    for key, value in expected['metrics'].items():
        np.testing.assert_equal(measured['metrics'][key], value, key)


def test_a_detector_is_scored_on_the_pictures_that_were_tested(damaged, call):
    folder, bad = damaged
    config = tiny_detector.write_config(folder / 'det.py', folder / 'data')
    tiny_detector.save_detector(config, folder / 'det.pth')
    network = 'test.py', 'det.py', 'det.pth'
    assert call(*network, '--skip-bad') == 0
    measured = metrics_of(folder, 'work_dirs/det/test')
    assert measured['num_left_out'] == 1
    fewer = without(folder / 'data/annotations/test_all.json', bad['test'])
    options = (
        f'test_dataloader.dataset.ann_file={fewer}',
        f'test_evaluator.ann_file={folder}/data/{fewer}',
    )
    assert call(*network, '--cfg-options', *options) == 0
    expected = metrics_of(folder, 'work_dirs/det/test')
    assert measured['metrics'] == expected['metrics']
    assert measured['metrics']['coco/bbox_mAP_50'] > 0

    # So it is where only some are asked for.
    whole = json.loads((folder / 'data/annotations/test_all.json').read_text())
    place = [bad['test'] in each['file_name'] for each in whole['images']].index(True)
    others = [index for index in range(len(whole['images'])) if index != place]
    option = f'test_dataloader.dataset.indices={others}'.replace(' ', '')
    assert call(*network, '--cfg-options', option) == 0
    asked = metrics_of(folder, 'work_dirs/det/test')
    assert asked['metrics'] == expected['metrics']
