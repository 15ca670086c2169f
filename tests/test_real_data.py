"""One real picture of FashionAI through the whole journey."""

import json
import shutil

import cv2
import numpy as np
import pytest
from toolbox import ROOT, run, tool

pytestmark = pytest.mark.slow

IMAGE = 'Images/blouse/0a02d1f1a99aede99cca75b45efc5910.jpg'
ANSWERS = 'fashionAI_key_points_test_a_answer_20180426.csv'
CONFIG = """
_base_ = '{root}/configs/demo/cpn_r18_fashionai_blouse.py'

model = dict(
    backbone=dict(stem_channels=32, base_channels=32),
    head=dict(in_channels=(32, 64, 128, 256), channels=64),
)
data_root = '{data}/'
picture = dict(
    data_root=data_root, ann_file='annotations/train_blouse.json', bbox_source='image'
)
pipeline = _base_.val_pipeline
train_dataloader = dict(
    batch_size=1,
    num_workers=0,
    sampler=dict(type='InfiniteSampler'),
    dataset=dict(
        pipeline=[
            *pipeline[:2],
            dict(type='RandomMirror', prob=0.5),
            pipeline[2],
            dict(type='GenerateTarget', encoder=_base_.codec),
            pipeline[3],
        ],
        **picture,
    ),
)
val_dataloader = dict(num_workers=0, dataset=picture)
test_dataloader = dict(num_workers=0, dataset=picture)
train_cfg = dict(
    _delete_=True, type='IterBasedTrainLoop', max_iters=300, val_interval=300
)
param_scheduler = [
    dict(type='CosineAnnealingLR', T_max=300, by_epoch=False, eta_min=5e-4)
]
custom_hooks = []
default_hooks = dict(checkpoint=dict(by_epoch=False, interval=300))
log_processor = dict(by_epoch=False)
"""


def test_a_real_picture_is_learnt(fashion_data, tmp_path):
    """Convert, overfit a small CPN, test, score and draw; NE at or below 3 %."""
    raw = tmp_path / 'raw'
    (raw / IMAGE).parent.mkdir(parents=True)
    shutil.copy(fashion_data / 'fashionai' / IMAGE, raw / IMAGE)
    (raw / 'Annotations').mkdir()
    answers = (fashion_data / 'fashionai' / ANSWERS).read_text().splitlines()
    rows = [answers[0], *(row for row in answers if row.startswith(IMAGE))]
    (raw / 'Annotations' / 'train.csv').write_text('\n'.join(rows) + '\n')
    run(
        ROOT / 'data_converters' / 'fashionai_to_coco.py',
        *('raw', '--out', 'raw/annotations'),
        cwd=tmp_path,
    )
    (tmp_path / 'overfit.py').write_text(CONFIG.format(root=ROOT, data=raw))
    tool('train.py', 'overfit.py', cwd=tmp_path)
    tool(
        'test.py',
        *('overfit.py', 'work_dirs/overfit/iter_300.pth'),
        *('--out', 'p.json', 'p.csv', '--show-dir', 'pictures'),
        cwd=tmp_path,
    )
    tool(
        'score_fashionai.py',
        *('raw/Annotations/train.csv', 'p.csv', '--json', 'score.json'),
        cwd=tmp_path,
    )
    score = json.loads((tmp_path / 'score.json').read_text())
    assert score['num_points'] == 8
    assert score['ne'] <= 0.03
    # Occluded points are learnt as well, though the score does not count them.
    annotation = json.loads((raw / 'annotations/train_blouse.json').read_text())
    truth = np.reshape(annotation['annotations'][0]['keypoints'], (13, 3))
    found = np.reshape(
        json.loads((tmp_path / 'p.json').read_text())[0]['keypoints'], (13, 3)
    )
    assert np.abs(found[:, :2] - truth[:, :2]).max() < 12
    (picture,) = (tmp_path / 'pictures').glob('*.jpg')
    drawn = cv2.imread(str(picture)).astype(int)
    original = cv2.imread(str(raw / IMAGE)).astype(int)
    assert drawn.shape == original.shape
    changed = (np.abs(drawn - original).max(2) > 40).mean()
    assert 0.002 < changed < 0.2
