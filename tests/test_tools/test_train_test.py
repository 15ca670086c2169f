"""tools/train.py and tools/test.py as a user runs them."""

import json
import re

import numpy as np
import pytest
import torch
from toolbox import ROOT, load_tool, run, tool

from fashion_mmpose import garments
from fashion_mmpose.files.writing.locks import locked_file, locked_folder

pytestmark = pytest.mark.slow

FASHIONAI = garments.benchmark('fashionai').garments
LAST = 'work_dirs/tiny/epoch_4.pth'


def load(path):
    return torch.load(path, weights_only=True)


def reported(result, key='NE'):
    """The last value of a metric in the log of a run."""
    values = re.findall(rf'fashionai/{key}: ([\d.]+)', result.stdout + result.stderr)
    return float(values[-1])


def losses(work_dir):
    """Those of all steps of a training."""
    (log,) = work_dir.glob('*/vis_data/scalars.json')
    lines = map(json.loads, log.read_text().splitlines())
    return [line['loss'] for line in lines if 'loss' in line]


def test_resumed_run_equals_the_uninterrupted_one(trained):
    short = '--cfg-options', 'train_cfg.max_epochs=2'
    tool('train.py', 'tiny.py', '--work-dir', 'resumed', *short, cwd=trained)
    tool('train.py', 'tiny.py', '--work-dir', 'resumed', '--resume', cwd=trained)
    whole = load(trained / LAST)
    resumed = load(trained / 'resumed' / 'epoch_4.pth')
    assert whole['meta']['epoch'] == resumed['meta']['epoch'] == 4
    for name, weight in whole['state_dict'].items():
        assert torch.equal(weight, resumed['state_dict'][name]), name
    for index, state in whole['optimizer']['state'].items():
        for key, value in state.items():
            other = resumed['optimizer']['state'][index][key]
            assert torch.equal(torch.as_tensor(value), torch.as_tensor(other)), key
    (scheduler,), (other,) = whole['param_schedulers'], resumed['param_schedulers']
    assert scheduler == other
    # The test means something: the plateau was reached before the interruption.
    lr = whole['optimizer']['param_groups'][0]['lr']
    assert lr < 1e-3 and lr == resumed['optimizer']['param_groups'][0]['lr']
    # And weights did change after it.
    before = load(trained / 'resumed' / 'epoch_2.pth')['state_dict']
    assert not torch.equal(
        before['head.global_net.laterals.0.weight'],
        whole['state_dict']['head.global_net.laterals.0.weight'],
    )


def test_compiled_training(trained):
    """Loaded pictures, not ready tensors, come to the step that PyTorch traces."""
    options = 'compile.backend=eager', 'train_cfg.max_epochs=1'
    command = 'tiny.py', '--work-dir', 'compiled', '--cfg-options', *options
    result = tool('train.py', *command, cwd=trained)
    assert 'the way to the losses is compiled' in result.stdout + result.stderr
    whole, compiled = (
        losses(trained / folder) for folder in ('work_dirs/tiny', 'compiled')
    )
    assert len(compiled) >= 2 and compiled[0] != compiled[1]
    np.testing.assert_allclose(compiled, whole[: len(compiled)], rtol=0.01)


def test_outputs_and_scores_agree(trained):
    kept = (trained / 'work_dirs/tiny/tiny.py').read_bytes()
    result = tool(
        'test.py',
        *('tiny.py', LAST, '--out', 'p.json', 'p.csv', '--show-dir', 'pictures'),
        cwd=trained,
    )
    # What tools/train_all.py compares with is as the training left it.
    assert (trained / 'work_dirs/tiny/tiny.py').read_bytes() == kept
    assert (trained / 'work_dirs/tiny/test/tested_tiny.py').is_file()
    predictions = json.loads((trained / 'p.json').read_text())
    images = json.loads((trained / 'data/annotations/test_blouse.json').read_text())
    assert [p['image_id'] for p in predictions] == [i['id'] for i in images['images']]
    assert all(len(p['keypoints']) == 39 for p in predictions)
    assert len(list((trained / 'pictures').glob('*.jpg'))) == 5

    tool(
        'score_fashionai.py',
        *('data/test/Annotations/annotations.csv', 'p.csv', '--json', 'score.json'),
        cwd=trained,
    )
    score = json.loads((trained / 'score.json').read_text())
    # The file holds whole pixels: half a pixel on garments 100 px wide.
    assert score['ne'] == pytest.approx(reported(result), abs=5e-3)
    assert score['num_images'] == 5 and score['num_missing_images'] == 0
    assert score['num_points'] == reported(result, 'num_points')


def test_detector_boxes(trained):
    """Boxes that equal the annotations' give the annotations' score."""
    content = json.loads((trained / 'data/annotations/test_blouse.json').read_text())
    boxes = []
    for annotation in content['annotations']:
        box = dict(
            image_id=annotation['image_id'], category_id=1, bbox=annotation['bbox']
        )
        boxes += [dict(box, score=0.9), dict(box, score=0.2, bbox=[0, 0, 9, 9])]
    (trained / 'boxes.json').write_text(json.dumps(boxes))
    own = tool(
        'test.py',
        *('tiny.py', LAST, '--cfg-options'),
        'test_dataloader.dataset.bbox_source=annotation',
        cwd=trained,
    )
    detected = tool(
        'test.py', 'tiny.py', LAST, '--bbox-file', 'boxes.json', cwd=trained
    )
    whole = tool('test.py', 'tiny.py', LAST, cwd=trained)
    assert reported(detected) == pytest.approx(reported(own), abs=1e-4)
    assert reported(detected) != reported(whole)
    # A box file without the second image: that one is tested as a whole.
    second = content['images'][1]['id']
    fewer = [box for box in boxes if box['image_id'] != second]
    (trained / 'boxes.json').write_text(json.dumps(fewer))
    result = tool('test.py', 'tiny.py', LAST, '--bbox-file', 'boxes.json', cwd=trained)
    log = result.stdout + result.stderr
    assert '4 images with a box of their category, 1 without' in log
    assert reported(result, 'num_points') == reported(whole, 'num_points')


def test_two_processes(trained):
    """torchrun on a CPU: training runs, and the score is that of one process."""
    torchrun = (
        '-m',
        'torch.distributed.run',
        '--nproc_per_node=2',
        '--master_port=29611',
    )
    tools = trained / 'tools'
    tools.symlink_to(ROOT / 'tools', target_is_directory=True)
    run(
        *torchrun,
        *(tools / 'train.py', 'tiny.py', '--launcher', 'pytorch'),
        *('--work-dir', 'two', '--cfg-options', 'train_cfg.max_epochs=1'),
        cwd=trained,
    )
    checkpoint = 'two/epoch_1.pth'
    two = run(
        *torchrun,
        *(tools / 'test.py', 'tiny.py', checkpoint, '--launcher', 'pytorch'),
        *('--out', 'two.json'),
        cwd=trained,
    )
    one = tool('test.py', 'tiny.py', checkpoint, '--out', 'one.json', cwd=trained)
    assert reported(two) == pytest.approx(reported(one), abs=1e-6)
    assert reported(two, 'num_points') == reported(one, 'num_points')
    ids = [
        sorted(p['image_id'] for p in json.loads((trained / name).read_text()))
        for name in ('one.json', 'two.json')
    ]
    assert ids[0] == ids[1] and len(ids[0]) == 5


def test_mmpose_tools_and_inferencer(trained, tmp_path):
    """MMPose's own train.py and MMPoseInferencer take our configs."""
    script = tmp_path / 'script.py'
    script.write_text(
        'import fashion_mmpose.plugin, runpy, sys, mmpose, os\n'
        'root = os.path.dirname(mmpose.__file__)\n'
        "script = os.path.join(root, '.mim', 'tools', 'train.py')\n"
        "sys.argv = [script, 'tiny.py', '--work-dir', 'theirs', '--cfg-options',\n"
        "            'train_cfg.max_epochs=1']\n"
        "runpy.run_path(script, run_name='__main__')\n"
    )
    run(script, cwd=trained)
    assert (
        'head.refine_net.output.1.weight'
        in (load(trained / 'theirs' / 'epoch_1.pth')['state_dict'])
    )
    picture = next((trained / 'data/test/Images/blouse').glob('*.jpg'))
    script.write_text(
        'import fashion_mmpose.plugin, json\n'
        'from mmpose.apis import MMPoseInferencer\n'
        f"inferencer = MMPoseInferencer('tiny.py', {LAST!r}, device='cpu',\n"
        "                              det_model='whole_image')\n"
        f"result = next(inferencer({str(picture)!r}))['predictions'][0][0]\n"
        "print('RESULT', json.dumps(result['keypoints']))\n"
    )
    result = run(script, cwd=trained)
    points = json.loads(result.stdout.split('RESULT ')[1].splitlines()[0])
    assert np.shape(points) == (13, 2)
    tool('test.py', 'tiny.py', LAST, '--out', 'p.json', cwd=trained)
    content = json.loads((trained / 'data/annotations/test_blouse.json').read_text())
    (image,) = (i for i in content['images'] if i['file_name'].endswith(picture.name))
    (ours,) = (
        p
        for p in json.loads((trained / 'p.json').read_text())
        if p['image_id'] == image['id']
    )
    np.testing.assert_allclose(
        np.reshape(ours['keypoints'], (13, 3))[:, :2], points, atol=1e-3
    )


@pytest.mark.parametrize(
    'name, arguments, message',
    [
        ('train.py', ['none.py'], 'none'),
        ('train.py', ['tiny.py', '--resume', 'none.pth'], 'none.pth does not exist'),
        ('test.py', ['tiny.py', 'none.pth'], 'none.pth does not exist'),
        ('test.py', ['tiny.py', 'tiny.py', '--out', 'p.txt'], 'p.txt: its name must'),
    ],
    ids=['config', 'resume', 'checkpoint', 'out'],
)
def test_errors_are_one_line(drawn, monkeypatch, capsys, name, arguments, message):
    monkeypatch.chdir(drawn)
    assert load_tool(name).main(arguments) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith('error: ') and message in line


@pytest.mark.parametrize(
    'name, options, lock',
    [
        ('train.py', ['--work-dir', 'place'], locked_folder),
        ('test.py', ['tiny.py', '--work-dir', 'place'], locked_folder),
        ('test.py', ['tiny.py', '--out', 'place.csv'], locked_file),
    ],
    ids=['train', 'test', 'out'],
)
def test_two_at_once(drawn, monkeypatch, capsys, name, options, lock):
    monkeypatch.chdir(drawn)
    with lock(options[-1]):
        assert load_tool(name).main(['tiny.py', *options]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f'error: {options[-1]} is in use by process ')


OTHERS = """
_base_ = './tiny.py'
model = dict(head=dict(out_channels=24))
everything = dict(category=None, ann_file='annotations/test_all.json')
test_dataloader = dict(dataset=everything)
"""


def test_weights_of_another_network_are_not_scored(trained):
    """A blouse's 13 channels are not tested as all 24."""
    (trained / 'others.py').write_text(OTHERS)
    content = load(trained / LAST)
    torch.save(content['state_dict'], trained / 'silent.pth')
    for weights, message in (
        (LAST, 'was trained for fashionai_blouse, others.py is for fashionai'),
        ('silent.pth', 'does not fit others.py: '),
    ):
        options = '--cfg-options', 'test_dataloader.dataset.data_root=data/'
        result = tool(
            'test.py', 'others.py', weights, *options, cwd=trained, check=False
        )
        assert result.returncode == 1
        assert f'error: {weights} {message}' in result.stderr
        assert 'NE:' not in result.stdout + result.stderr


ALL = """
_base_ = './tiny.py'
model = dict(head=dict(out_channels=24))
everything = dict(category=None, data_root='everything/')
held_out = dict(ann_file='annotations/val_{category}.json', **everything)
train_dataloader = dict(dataset=everything)
val_dataloader = dict(dataset=held_out)
test_dataloader = dict(dataset=held_out)
train_cfg = dict(max_epochs=1)
"""


def test_one_network_for_all_categories(drawn):
    """24 channels: every garment trains, scores and submits its own points."""
    tool(
        'make_synthetic.py',
        *('--category', 'all', '--num', 3, '--out', 'everything'),
        cwd=drawn,
    )
    run(
        ROOT / 'data_converters' / 'fashionai_to_coco.py',
        *('everything', '--out', 'everything/annotations', '--val-fraction', 0.4),
        cwd=drawn,
    )
    (drawn / 'all.py').write_text(ALL)
    tool('train.py', 'all.py', cwd=drawn)
    result = tool(
        'test.py',
        *('all.py', 'work_dirs/all/epoch_1.pth', '--out', 'all.json', 'all.csv'),
        cwd=drawn,
    )
    predictions = json.loads((drawn / 'all.json').read_text())
    channels = {g.category_id: set(g.channels) for g in FASHIONAI.values()}
    assert {p['category_id'] for p in predictions} == set(channels)
    for prediction in predictions:
        points = np.reshape(prediction['keypoints'], (24, 3))
        others = sorted(set(range(24)) - channels[prediction['category_id']])
        assert (points[others, 2] == 0).all()
    rows = [row.split(',') for row in (drawn / 'all.csv').read_text().splitlines()[1:]]
    assert len(rows) == len(predictions)
    for row in rows:
        filled = {i for i, cell in enumerate(row[2:]) if cell != '-1_-1_-1'}
        assert filled == set(FASHIONAI[row[1]].channels)
    for category in FASHIONAI:
        assert reported(result, f'NE_{category}') > 0
