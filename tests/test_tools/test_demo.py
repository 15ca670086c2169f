"""tools/demo.py, small: every step runs and leaves its file."""

import json

import cv2
import pytest
from toolbox import load_tool, tool

pytestmark = pytest.mark.slow


@pytest.fixture(scope='module')
def demo(tmp_path_factory):
    """Runs a part; the names of its scripts, and its folder."""
    folder = tmp_path_factory.mktemp('demo')

    def run(part):
        result = tool(
            'demo.py',
            *('--part', part, '--num-train', 20, '--num-test', 3, '--epochs', 1),
            cwd=folder,
        )
        commands = [line for line in result.stdout.splitlines() if line[:2] == '$ ']
        names = [command.split()[2].rsplit('/', 1)[-1] for command in commands]
        return names, folder / 'work_dirs' / 'demo'

    return run


def test_blouses(demo):
    names, folder = demo('blouses')
    assert names == [
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


def test_outfits(demo):
    names, folder = demo('outfits')
    assert names == [
        *('make_synthetic.py', 'deepfashion2_to_coco.py') * 2,
        *('train.py', 'train.py', 'detect.py', 'compare_boxes.py', 'predict.py'),
    ]
    validation = json.loads((folder / 'outfits/validation.json').read_text())
    assert len(validation['images']) == 3 and len(validation['annotations']) >= 3
    scores = json.loads((folder / 'scores.json').read_text())
    assert len(scores) == 3
    assert all('deepfashion2/AP' in metrics for metrics in scores.values())
    log = next((folder / 'detector').glob('*/*.log')).read_text()
    assert 'landmarks/epoch_1.pth' in log  # where the backbone comes from
    assert isinstance(json.loads((folder / 'boxes.json').read_text()), list)
    assert isinstance(
        json.loads((folder / 'predicted/predictions.json').read_text()), list
    )
    assert len(list((folder / 'predicted/drawn').iterdir())) == 3
    assert cv2.imread(str(folder / 'outfits.png')).shape == (400, 1600, 3)


def test_most_certain_pictures_of_several_garments():
    scores = {'a': [0.9], 'b': [0.2, 0.8], 'c': [0.5, 0.4, 0.6], 'd': [], 'e': [0.95]}
    entries = [
        dict(image=name, score=score) for name in scores for score in scores[name]
    ]
    ordered = load_tool('demo.py').most_certain(entries, sorted(scores))
    assert ordered == ['c', 'b', 'e', 'a', 'd']
