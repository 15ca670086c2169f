"""Converters do not write over what they read."""

import json

import pytest

from fashion_mmpose.cli.main import main
from fashion_mmpose.formats.coco.annotations import coco_categories


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Annotations and predictions of a skirt of DeepFashion2."""
    monkeypatch.chdir(tmp_path)
    (category,) = coco_categories('deepfashion2', 'skirt')
    points = [value for i in range(8) for value in (10 + i, 20 + i * i, 1)]
    garment = dict(image_id=1, category_id=category['id'], bbox=[5, 5, 60, 70])
    truth = dict(garment, id=1, iscrowd=0, area=4200, num_keypoints=8, keypoints=points)
    image = dict(id=1, file_name='a.jpg', width=90, height=90)
    content = dict(images=[image], annotations=[truth], categories=[category])
    (tmp_path / 'gt.json').write_text(json.dumps(content))
    found = dict(garment, score=0.5, keypoints=points)
    (tmp_path / 'found.json').write_text(json.dumps([found]))
    (tmp_path / 'labels').mkdir()
    line = ' '.join(['0', *['0.5'] * 4, *['0.5'] * 24, '0.9'])
    (tmp_path / 'labels' / 'a.txt').write_text(line)
    return tmp_path


@pytest.mark.parametrize(
    'command',
    [
        'convert labels gt.json --benchmark deepfashion2 --out gt.json',
        'convert export found.json --ann-file gt.json --to coco --out gt.json',
        'convert detections found.json --ann-file gt.json --out found.json',
        'convert yolo-predictions labels --ann-file gt.json --out gt.json',
    ],
)
def test_inputs_are_not_replaced(folder, capsys, command):
    before = {path: path.read_bytes() for path in folder.glob('*.json')}
    assert main(command.split()) == 1
    assert 'is an input, which would be written over' in capsys.readouterr().err
    assert before == {path: path.read_bytes() for path in folder.glob('*.json')}
