"""tools/demo.py, small: every step runs and leaves its file."""

import json

import cv2
import pytest
from toolbox import ROOT, load_tool, run

from fashion_mmpose.synthetic.deepfashion2 import draw_deepfashion2

pytestmark = pytest.mark.slow

DEMO = ROOT / 'tools/demo.py'


@pytest.fixture(scope='module')
def demo(tmp_path_factory):
    """Runs a part; the names of its scripts, and its folder."""
    folder = tmp_path_factory.mktemp('demo')

    def play(part):
        result = run(
            DEMO,
            *('--part', part, '--num-train', 6, '--num-test', 2, '--epochs', 1),
            cwd=folder,
        )
        commands = [line for line in result.stdout.splitlines() if line[:2] == '$ ']
        names = [command.split()[2].rsplit('/', 1)[-1] for command in commands]
        return names, folder / 'work_dirs' / 'demo'

    return play


@pytest.mark.docs
def test_garments(demo):
    names, folder = demo('garments')
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
    assert len(predictions) == 10 and len(rows) == 11
    score = json.loads((folder / 'score.json').read_text())
    assert score['num_images'] == 10 and score['num_points'] > 50
    assert 0 < score['ne'] < 0.1
    assert (folder / 'epoch_1.pth').is_file()
    assert cv2.imread(str(folder / 'grid.png')).shape[1] == 1280
    assert cv2.imread(str(folder / 'curves.png')) is not None


@pytest.mark.docs
def test_outfits(demo):
    names, folder = demo('outfits')
    assert names == [
        *('make_synthetic.py', 'deepfashion2_to_coco.py') * 2,
        *('train.py', 'detect.py', 'compare_boxes.py', 'predict.py'),
    ]
    validation = json.loads((folder / 'outfits/validation.json').read_text())
    assert len(validation['images']) == 2 and len(validation['annotations']) >= 2
    scores = json.loads((folder / 'scores.json').read_text())
    assert len(scores) == 3
    assert all('deepfashion2/AP' in metrics for metrics in scores.values())
    assert json.loads((folder / 'boxes.json').read_text())
    assert json.loads((folder / 'predicted/predictions.json').read_text())
    assert len(list((folder / 'predicted/drawn').iterdir())) == 2
    assert cv2.imread(str(folder / 'outfits.png')).shape[1] == 1600


def test_own_pictures(tmp_path):
    pictures = tmp_path / 'pictures'
    pictures.mkdir()
    drawn = draw_deepfashion2(11, 2, 'short_sleeved_shirt').image
    cv2.imwrite(str(pictures / 'shirt.png'), drawn)
    run(DEMO, '--pictures', pictures, '--part', cwd=tmp_path)
    mine = tmp_path / 'work_dirs/demo/mine'
    (found, *_) = json.loads((mine / 'predictions.json').read_text())
    assert found['image'] == 'shirt.png'
    assert [path.name for path in (mine / 'drawn').iterdir()] == ['shirt.png']


def test_most_certain_pictures_of_several_garments():
    scores = {'a': [0.9], 'b': [0.2, 0.8], 'c': [0.5, 0.4, 0.6], 'd': [], 'e': [0.95]}
    entries = [
        dict(image=name, score=score) for name in scores for score in scores[name]
    ]
    ordered = load_tool('demo.py').most_certain(entries, sorted(scores))
    assert ordered == ['c', 'b', 'e', 'a', 'd']
