"""DeepFashion2 from annotations to the ten numbers, as a user runs the tools."""

import json
import re

import cv2
import numpy as np
import pytest
import torch
from toolbox import ROOT, run, tool

from fashion_mmpose import garments
from fashion_mmpose.commands.pictures.random_predictions import predict_random
from fashion_mmpose.commands.runs.running import set_testing
from fashion_mmpose.config.loading import load_config

pytestmark = pytest.mark.slow

TABLE = garments.benchmark('deepfashion2').garments
NUMBERS = 'AP AP.5 AP.75 AP(M) AP(L) AR AR.5 AR.75 AR(M) AR(L)'.split()

CONFIG = """
_base_ = '{root}/configs/res18_deepfashion2_mini.py'

codec = dict(_base_.codec, input_size=(96, 128), heatmap_size=(24, 32))
model = dict(
    backbone=dict(stem_channels=8, base_channels=8),
    head=dict(in_channels=64, deconv_out_channels=(8, 8, 8), decoder=codec),
)
changed = dict(
    TopdownAffine=dict(input_size=(96, 128)), GenerateTarget=dict(encoder=codec)
)
train_steps, test_steps = [
    [dict(step, **changed.get(step['type'], {{}})) for step in steps]
    for steps in (_base_.pipeline, _base_.val_pipeline)
]
data_root = '{data}/'
train_dataloader = dict(
    batch_size=3, num_workers=1, dataset=dict(data_root=data_root, pipeline=train_steps)
)
held_out = dict(data_root=data_root, pipeline=test_steps)
val_dataloader = dict(batch_size=2, num_workers=0, dataset=held_out)
test_dataloader = dict(batch_size=2, num_workers=0, dataset=held_out)
train_cfg = dict(max_epochs=2, val_interval=1)
default_hooks = dict(logger=dict(interval=1))
"""

# Image, category, box xywh, and the similarity of a guess at the centre of the box.
ITEMS = [
    (1, 'skirt', (10, 20, 60, 80), 0.97),
    (1, 'vest', (80, 30, 110, 120), 0.77),
    (2, 'skirt', (40, 10, 120, 100), 0.52),
    (2, 'short_sleeved_shirt', (20, 60, 90, 60), None),  # without landmarks
    (3, 'shorts', (50, 50, 70, 70), 0.3),
    (4, 'vest_dress', (30, 5, 100, 150), 0.97),
    (4, 'vest', (5, 5, 60, 70), 0.97),
]
# Thresholds of .50:.05:.95 that are passed, by category; of two garments, the better
# one alone gives 51 of the 101 precisions.
BETTER_ONE = 51 / 101
EXPECTED = {
    'skirt': dict(AP=(1 + 9 * BETTER_ONE) / 10, AR=0.55, half=1, most=BETTER_ONE),
    # The worse one is found first: half of its detections are right from .8 on.
    'vest': dict(AP=(6 + 4 * 51 / 101 / 2) / 10, AR=0.8, half=1, most=1),
    'shorts': dict(AP=0, AR=0, half=0, most=0),
    'vest_dress': dict(AP=1, AR=1, half=1, most=1),
}


def annotation(number, image_id, category, box, similarity):
    """Landmarks around the centre, as far off as the similarity says."""
    x, y, width, height = box
    garment = TABLE[category]
    keypoints = np.zeros((294, 3))
    if similarity is not None:
        off = np.sqrt(-2 * np.log(similarity) * width * height) * 2
        angles = np.arange(len(garment.channels))
        around = np.column_stack((np.cos(angles), np.sin(angles)))
        around *= off * np.array(garment.sigmas)[:, None]
        keypoints[list(garment.channels), :2] = around + (x + width / 2, y + height / 2)
        keypoints[list(garment.channels), 2] = 1 + number % 2
    return dict(
        id=number,
        image_id=image_id,
        category_id=garment.category_id,
        bbox=list(box),
        area=width * height,
        iscrowd=0,
        num_keypoints=int((keypoints[:, 2] > 0).sum()),
        keypoints=keypoints.ravel().tolist(),
    )


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    """Pictures, annotations, a trained network, and one that guesses the centre."""
    folder = tmp_path_factory.mktemp('deepfashion2')
    rng = np.random.default_rng(0)
    pictures = folder / 'data' / 'train' / 'image'
    pictures.mkdir(parents=True)
    for number in range(1, 5):
        picture = rng.integers(0, 256, (160, 200, 3), np.uint8)
        cv2.imwrite(str(pictures / f'{number:06}.jpg'), picture)
    names = list(garments.keypoints('deepfashion2'))
    truth = dict(
        images=[
            dict(id=n, file_name=f'{n:06}.jpg', width=200, height=160)
            for n in range(1, 5)
        ],
        annotations=[annotation(n, *item) for n, item in enumerate(ITEMS, 1)],
        categories=[
            dict(id=each.category_id, name=each.name, keypoints=names)
            for each in TABLE.values()
        ],
    )
    (folder / 'data' / 'train_32.json').write_text(json.dumps(truth))
    config = CONFIG.format(root=ROOT, data=folder / 'data')
    (folder / 'tiny.py').write_text(config)
    tool('train.py', 'tiny.py', cwd=folder)
    checkpoint = torch.load(
        folder / 'work_dirs/tiny/epoch_2.pth', weights_only=True, map_location='cpu'
    )
    # A map that says nothing is read as the centre of the crop, and so of the box.
    checkpoint['state_dict']['head.final_layer.weight'].zero_()
    torch.save(checkpoint, folder / 'centre.pth')
    return folder


def boxes_file(folder):
    """Some boxes are right; one is mislabelled, one missing, one superfluous."""
    boxes = []
    for image_id, category, box, similarity in ITEMS:
        if category == 'shorts' or similarity is None:
            continue
        label = 'sling' if (image_id, category) == (1, 'vest') else category
        boxes.append((image_id, label, box, 1 - 0.1 * image_id))
    boxes.append((3, 'skirt', (0, 0, 50, 50), 0.01))
    entries = [
        dict(
            image_id=image_id,
            category_id=TABLE[label].category_id,
            bbox=list(box),
            score=score,
        )
        for image_id, label, box, score in boxes
    ]
    (folder / 'boxes.json').write_text(json.dumps(entries))
    return 'boxes.json'


def reported(result):
    """Every number that a run logs at its end, by name."""
    log = result.stdout + result.stderr
    found = re.findall(r'deepfashion2/([^\s:]+): (-?[\d.]+)', log)
    return {name: float(value) for name, value in found}


def test_training_keeps_the_best(folder):
    scalars = next(folder.glob('work_dirs/tiny/*/vis_data/scalars.json'))
    lines = [json.loads(line) for line in scalars.read_text().splitlines()]
    losses = [line['loss'] for line in lines if 'loss' in line]
    # Six of the seven items have landmarks.
    assert len(losses) == 4 and 0 < min(losses) < losses[0] < 1
    assert {name for line in lines for name in line} >= {
        f'deepfashion2/{name}' for name in NUMBERS
    }
    assert (
        len(list(folder.glob('work_dirs/tiny/best_deepfashion2_AP_epoch_*.pth'))) == 1
    )


def test_annotated_boxes(folder):
    result = tool(
        'test.py',
        *('tiny.py', 'centre.pth', '--show-dir', 'pictures'),
        *('--cfg-options', 'test_evaluator.out_file=results.json'),
        cwd=folder,
    )
    scores = reported(result)
    for category, expected in EXPECTED.items():
        assert scores[f'AP_{category}'] == pytest.approx(expected['AP'], abs=1e-6)
    for name, key in (('AP', 'AP'), ('AR', 'AR'), ('AP.5', 'half'), ('AP.75', 'most')):
        mean = np.mean([expected[key] for expected in EXPECTED.values()])
        assert scores[name] == pytest.approx(mean, abs=1e-6), name
    drawn = sorted(path.name for path in (folder / 'pictures').iterdir())
    assert drawn == [f'{number:06}.jpg' for number in range(1, 5)]

    entries = json.loads((folder / 'results.json').read_text())
    assert [(e['image_id'], e['category_id']) for e in entries] == [
        (image_id, TABLE[category].category_id)
        for image_id, category, _, similarity in ITEMS
        if similarity is not None
    ]
    assert all(len(entry['keypoints']) == 882 for entry in entries)
    tool(
        'score_deepfashion2.py',
        *('data/train_32.json', 'results.json', '--json', 'score.json'),
        cwd=folder,
    )
    score = json.loads((folder / 'score.json').read_text())
    for name in NUMBERS:
        assert score[name] == pytest.approx(scores[name], abs=1e-6), name


def test_grid_of_predictions(folder, monkeypatch):
    monkeypatch.chdir(folder)
    cfg = load_config('tiny.py')
    set_testing(cfg, 'centre.pth')
    shown = predict_random(cfg, 99)
    similar = [
        (item.prediction.image_id, item.prediction.category, round(1 - item.error, 3))
        for item in shown
    ]
    known = [(image, name, oks) for image, name, _, oks in ITEMS if oks is not None]
    assert sorted(similar) == sorted(known)
    options = ('--num', 2, '--columns', 2, '--show-coordinates', 1)
    result = tool('predict_grid.py', 'tiny.py', 'centre.pth', *options, cwd=folder)
    assert '2 pictures drawn into grid.png' in result.stdout
    rows = [line for line in result.stdout.splitlines() if line.startswith('| ')]
    assert len(rows) == 1 + len(shown[0].prediction.names)
    assert cv2.imread('grid.png').shape == (320, 640, 3)


def test_part_of_the_set(folder):
    """The first two items, which are all of the first picture."""
    result = tool(
        *('test.py', 'tiny.py', 'centre.pth'),
        *('--cfg-options', 'test_dataloader.dataset.indices=2'),
        cwd=folder,
    )
    scores = reported(result)
    assert scores['AP_skirt'] == pytest.approx(1, abs=1e-6)
    assert scores['AP_vest'] == pytest.approx(0.6, abs=1e-6)
    assert scores['AP'] == pytest.approx(0.8, abs=1e-6)
    log = ' '.join((result.stdout + result.stderr).split())
    assert 'scored on 1 of 4 pictures, 2 of 6 garments of ' in log


def test_detected_boxes_and_two_processes(folder):
    boxes = '--bbox-file', boxes_file(folder)
    one = reported(tool('test.py', 'tiny.py', 'centre.pth', *boxes, cwd=folder))
    # The sling is none; of the vests the other one is found, at every threshold.
    assert one['AP_vest'] == pytest.approx(BETTER_ONE, abs=1e-6)
    assert one['AP_shorts'] == 0
    assert one['AP_skirt'] == pytest.approx(EXPECTED['skirt']['AP'], abs=1e-6)
    assert 'AP_sling' not in one

    tools = folder / 'tools'
    tools.symlink_to(ROOT / 'tools', target_is_directory=True)
    two = run(
        *('-m', 'torch.distributed.run', '--nproc_per_node=2', '--master_port=29617'),
        *(tools / 'test.py', 'tiny.py', 'centre.pth', '--launcher', 'pytorch'),
        *(*boxes, '--show-dir', 'pictures_of_two'),
        cwd=folder,
    )
    two = reported(two)
    assert set(NUMBERS) <= set(two)
    assert two == one
    # One of the processes draws, all garments of a picture into one file.
    assert len(list((folder / 'pictures_of_two').iterdir())) == 4
