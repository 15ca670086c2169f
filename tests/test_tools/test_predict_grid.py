"""tools/predict_grid.py on a tiny network."""

import json
import shutil

import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmpose.apis import inference_topdown, init_model
from mmpose.registry import MODELS
from toolbox import ROOT, load_tool, run

from fashion_mmpose import garments
from fashion_mmpose.commands.pictures.random_predictions import predict_random
from fashion_mmpose.commands.runs.running import set_testing

pytestmark = pytest.mark.slow

LAST = 'work_dirs/tiny/epoch_4.pth'
ENSEMBLE = """
_base_ = './tiny.py'

model = dict(
    _delete_=True,
    type='HeatmapEnsemble',
    members=[dict(config='tiny.py', checkpoint='work_dirs/tiny/epoch_4.pth')],
    decoder=_base_.model.head.decoder,
)
"""
ALL = """
_base_ = './tiny.py'

model = dict(head=dict(out_channels=24))
unanswered = dict(
    category=None, data_root='data/test/', ann_file='../../unanswered/test_all.json'
)
test_dataloader = dict(dataset=unanswered)
"""


@pytest.fixture
def folder(trained, monkeypatch):
    monkeypatch.chdir(trained)
    return trained


@pytest.fixture(scope='module')
def main():
    return load_tool('predict_grid.py').main


def tables(text):
    """Rows of cells of every table that was printed, without the heads."""
    found = []
    for line in text.splitlines():
        if line.startswith('| key point'):
            found.append([])
        elif line.startswith('|'):
            found[-1].append([cell.strip() for cell in line.strip('|').split('|')])
    return found


def test_draws_and_prints(trained, monkeypatch):
    command = ['tiny.py', LAST, '--num', 4, '--columns', 3, '--show-coordinates', 2]
    options = [*command, '--out', 'look/grid.png']
    result = run(ROOT / 'tools/predict_grid.py', *options, cwd=trained)
    grid = cv2.imread(str(trained / 'look' / 'grid.png'))
    assert grid.shape == (640, 960, 3)
    assert (grid[320:, 320:] == 255).all(), 'the fifth and the sixth cell are empty'
    assert '4 pictures drawn into look/grid.png' in result.stdout
    first, second = tables(result.stdout)
    names = garments.keypoints('fashionai', 'blouse')
    assert tuple(row[0] for row in first) == tuple(row[0] for row in second) == names

    # The numbers of MMPose's inference API, beside the annotated ones.
    path = f'\n{result.stdout}'.partition('\n1: ')[2].splitlines()[0]
    monkeypatch.chdir(trained)
    init_default_scope('mmpose')
    (found,) = inference_topdown(init_model('tiny.py', LAST, device='cpu'), path)
    printed = np.array([row[1:4] for row in first], float)
    np.testing.assert_allclose(
        printed[:, :2], found.pred_instances.keypoints[0], atol=0.051
    )
    np.testing.assert_allclose(
        printed[:, 2], found.pred_instances.keypoint_scores[0], atol=0.0051
    )
    content = json.loads((trained / 'data/annotations/test_blouse.json').read_text())
    (image_id,) = (i['id'] for i in content['images'] if path.endswith(i['file_name']))
    (annotation,) = (a for a in content['annotations'] if a['image_id'] == image_id)
    for row, (x, y, v) in zip(first, np.reshape(annotation['keypoints'], (-1, 3))):
        assert row[4:6] == ([f'{x:.1f}', f'{y:.1f}'] if v else ['-', '-'])


def test_the_choice_is_the_seeds(folder):
    cfg = Config.fromfile('tiny.py')
    set_testing(cfg, LAST)

    def ids(num, seed):
        return [shown.prediction.image_id for shown in predict_random(cfg, num, seed)]

    whole = ids(99, 0)
    assert sorted(whole) == [1, 2, 3, 4, 5], 'each once, and no more than there are'
    assert ids(2, 0) == whole[:2]
    assert len({tuple(ids(5, seed)) for seed in range(4)}) > 1


def test_weights_that_tell_nothing_must_fit(folder, main, capsys):
    weights = torch.load(LAST, weights_only=True)['state_dict']
    name = next(iter(weights))
    torch.save({name: weights[name]}, 'partly.pth')
    assert main(['tiny.py', 'partly.pth']) == 1
    assert 'partly.pth does not fit tiny.py: ' in capsys.readouterr().err


def test_ensemble_without_checkpoint(folder, main, capsys):
    (folder / 'one_member.py').write_text(ENSEMBLE)
    assert main(['one_member.py', '--num', '2', '--out', 'ensemble.png']) == 0
    ensemble = tables(capsys.readouterr().out)
    assert main(['tiny.py', LAST, '--num', '2', '--out', 'single.png']) == 0
    assert tables(capsys.readouterr().out) == ensemble
    assert len(ensemble) == 2
    np.testing.assert_array_equal(cv2.imread('ensemble.png'), cv2.imread('single.png'))


def test_data_in_another_folder(folder, main, tmp_path, capsys):
    shutil.copytree(folder / 'data', tmp_path / 'moved')
    command = 'tiny.py', LAST, '--num', '2', '--show-coordinates', '1', '--out'
    assert main([*command, 'here.png']) == 0
    here = capsys.readouterr().out
    root = str(tmp_path / 'moved')
    assert main([*command, 'there.png', '--data-root', root]) == 0
    there = capsys.readouterr().out
    assert f'1: {root}' in there and tables(there) == tables(here) != []
    assert main([*command, 'no.png', '--data-root', 'none']) == 1
    assert '--data-root none: there is no such folder' in capsys.readouterr().err


def test_a_folder_of_networks(folder, main, capsys):
    publish = load_tool('publish.py').main
    assert publish(['tiny.py', LAST, '--out', 'handed_on', '--no-onnx']) == 0
    capsys.readouterr()
    # A folder tells no place of data.
    alone = ['handed_on', '--data-root', 'data']
    for network in (['tiny.py', LAST], ['tiny.py', 'handed_on'], alone):
        assert main([*network, '--num', '2']) == 0
    first, *others = capsys.readouterr().out.split('pictures drawn into grid.png')[:3]
    assert tables(first) != []
    assert [tables(each) for each in others] == [tables(first)] * 2


def test_all_categories_without_answers(folder, main, capsys):
    """A list of pictures, one for each category that is asked for."""
    pictures = sorted((folder / 'data/test/Images/blouse').iterdir())
    rows = [
        f'Images/blouse/{picture.name},{category}'
        for picture, category in zip(pictures, garments.categories('fashionai'))
    ]
    (folder / 'list.csv').write_text('\n'.join(rows) + '\n')
    run(
        ROOT / 'data_converters' / 'fashionai_to_coco.py',
        *('--csv', 'list.csv', '--image-root', 'data/test', '--split', 'test'),
        *('--out', 'unanswered'),
        cwd=folder,
    )
    (folder / 'everything.py').write_text(ALL)
    assert main(['everything.py', LAST]) == 1  # the blouses' weights
    (line,) = capsys.readouterr().err.splitlines()
    told = 'was trained for fashionai_blouse, everything.py is for fashionai'
    assert line == f'error: {LAST} {told}'
    init_default_scope('mmpose')
    network = MODELS.build(Config.fromfile('everything.py').model)
    torch.save(network.state_dict(), 'everything.pth')
    assert main(['everything.py', 'everything.pth', '--show-coordinates', '5']) == 0
    printed = capsys.readouterr().out
    names = {tuple(row[0] for row in table) for table in tables(printed)}
    assert names == {
        garments.keypoints('fashionai', category)
        for category in garments.categories('fashionai')
    }
    assert all(len(row) == 4 for table in tables(printed) for row in table)
    assert cv2.imread('grid.png').shape == (640, 1280, 3)


@pytest.mark.parametrize(
    'arguments, message',
    [
        (['tiny.py'], 'CHECKPOINT is missing'),
        (['tiny.py', 'none.pth'], 'none.pth does not exist'),
        (['none.py', LAST], 'none'),
        (
            ['tiny.py', LAST, '--cfg-options', 'test_dataloader.dataset.ann_file=x'],
            'x does not exist',
        ),
        (['tiny.py', LAST, '--cfg-options', 'test_dataloader=None'], 'has no test_'),
        (['detection/rtmdet_demo_fashionai', LAST], 'key points, which a detector'),
    ],
    ids=['no checkpoint', 'checkpoint', 'config', 'annotations', 'no set', 'detector'],
)
def test_errors_are_one_line(folder, main, capsys, arguments, message):
    assert main([*arguments, '--out', 'no.png']) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith('error: ') and message in line
    assert not (folder / 'no.png').exists()


@pytest.mark.parametrize(
    'arguments, message',
    [
        (['--num', '0'], '--num 0: must be 1 or more'),
        (['--show-coordinates', '-1'], '--show-coordinates -1: must be 0 or more'),
        (['--out', 'grid.txt'], '--out grid.txt: not the name of a picture'),
    ],
    ids=['num', 'coordinates', 'out'],
)
def test_wrong_options(main, capsys, arguments, message):
    with pytest.raises(SystemExit):
        main(['tiny.py', LAST, *arguments])
    assert message in capsys.readouterr().err
