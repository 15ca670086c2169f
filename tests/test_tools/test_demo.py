"""tools/demo.py, small: every step runs and leaves its file."""

import json

import cv2
from toolbox import tool


def test_demo(tmp_path):
    result = tool(
        'demo.py',
        *('--num-train', 20, '--num-test', 3, '--epochs', 1),
        cwd=tmp_path,
    )
    folder = tmp_path / 'work_dirs' / 'demo'
    commands = [line for line in result.stdout.splitlines() if line.startswith('$ ')]
    assert [command.split()[2].rsplit('/', 1)[-1] for command in commands] == [
        'make_synthetic.py',
        'make_synthetic.py',
        'fashionai_to_coco.py',
        'train.py',
        'test.py',
        'score_fashionai.py',
    ]
    predictions = json.loads((folder / 'predictions.json').read_text())
    rows = (folder / 'predictions.csv').read_text().splitlines()
    assert len(predictions) == 3 and len(rows) == 4
    score = json.loads((folder / 'score.json').read_text())
    assert score['num_images'] == 3 and score['num_points'] > 20
    assert (folder / 'epoch_1.pth').is_file()
    assert cv2.imread(str(folder / 'grid.png')).shape == (320, 1280, 3)
    assert cv2.imread(str(folder / 'curves.png')) is not None
    assert list(folder.glob('*/vis_data/events.out.tfevents.*'))
