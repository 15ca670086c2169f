"""tools/train_all.py --finetune: one network for all, then a copy for each category."""

import json

import pytest
import torch
from toolbox import CONFIG, ROOT, run, tool

from fashion_mmpose.synthetic import write_fashionai
from fashion_mmpose.weights.read import read_checkpoint

pytestmark = pytest.mark.slow

CATEGORIES = ('skirt', 'trousers')


def test_copies_are_trained_on_and_tested(tmp_path):
    for seed, (part, num) in enumerate({'train': 6, 'test': 2}.items()):
        write_fashionai(tmp_path / 'data' / part, CATEGORIES, num, seed)
    run(
        ROOT / 'data_converters' / 'fashionai_to_coco.py',
        *('data', '--out', 'data/annotations', '--val-fraction', 0.3),
        cwd=tmp_path,
    )
    text = CONFIG.format(root=ROOT, data='data')
    text = text.replace('demo/cpn_r18_fashionai_blouse', 'small/cpn_r18_all')
    (tmp_path / 'tiny.py').write_text(text.replace('max_epochs=4', 'max_epochs=2'))
    tool('train.py', 'tiny.py', cwd=tmp_path)
    (tmp_path / 'second.py').write_text(
        "_base_ = './tiny.py'\n"
        'train_cfg = dict(max_epochs=1)\n'
        # Steps that are too small to be seen.
        'optim_wrapper = dict(optimizer=dict(lr=1e-12, weight_decay=0.0))\n'
        'param_scheduler = []\n'
    )
    finetune = ('--finetune', 'work_dirs/tiny', '--categories', ','.join(CATEGORIES))
    tool('train_all.py', 'second.py', *finetune, cwd=tmp_path)

    (first,) = (tmp_path / 'work_dirs' / 'tiny').glob('best_*.pth')
    begun = read_checkpoint(first).tensors
    for category in CATEGORIES:
        folder = tmp_path / 'work_dirs' / 'second' / category
        stored = read_checkpoint(folder / 'epoch_1.pth')
        assert list(stored.meta['dataset_meta']['categories']) == [category]
        assert stored.meta['dataset_meta']['num_keypoints'] == 24
        for name, value in stored.tensors.items():
            if name.endswith(('weight', 'bias')):
                torch.testing.assert_close(value, begun[name], atol=1e-6, rtol=0)
        predictions = json.loads((folder / 'test' / 'predictions.json').read_text())
        assert len(predictions) == 2
    summary = json.loads((tmp_path / 'work_dirs/second/summary.json').read_text())
    assert list(summary['categories']) == list(CATEGORIES)
    rows = (tmp_path / 'work_dirs/second/submission.csv').read_text().splitlines()
    assert len(rows) == 1 + 4

    # Nothing is left to do, and another network to begin with is another training.
    again = tool('train_all.py', 'second.py', *finetune, cwd=tmp_path)
    assert '== skirt: train' not in again.stdout
    other = ('--finetune', 'work_dirs/tiny/epoch_1.pth', '--categories', 'skirt')
    refused = tool('train_all.py', 'second.py', *other, cwd=tmp_path, check=False)
    assert refused.returncode == 1 and 'load_from was' in refused.stderr
