"""The generated annotations, and figures of both sides over a few of them."""

import json
import multiprocessing

import pytest
from mmengine.registry import DefaultScope
from toolbox import ROOT, run_with_libraries

from benchmarks import fresh_process
from benchmarks.deepfashion2 import loading
from fashion_mmpose import garments
from fashion_mmpose.formats.coco.columns import read_columns


@pytest.fixture
def train_json(tmp_path):
    path = tmp_path / 'train.json'
    loading.write_annotations(path, 40)
    return path


def test_generated_annotations(train_json):
    columns = read_columns(train_json, 'deepfashion2')
    assert columns.ids.tolist() == list(range(1, 41))
    # 191,961 images of 312,186 items, in proportion.
    assert columns.images.ids.tolist() == list(range(1, 26))
    assert set(columns.image_ids.tolist()) == set(range(1, 26))
    sizes = {
        g.category_id: len(g.channels)
        for g in garments.benchmark('deepfashion2').garments.values()
    }
    expected = [sizes[category_id] for category_id in columns.category_ids.tolist()]
    assert columns.num_keypoints.tolist() == expected
    assert len(set(expected)) > 5
    item = json.loads(train_json.read_text())['annotations'][0]
    assert len(item['keypoints']) == 882
    assert len(item['segmentation'][0]) == 4 * expected[0]


@pytest.mark.slow
@pytest.mark.parametrize('side', ['ours', 'mmpose'])
def test_figures_of_a_side(train_json, side):
    with DefaultScope.overwrite_default_scope('mmpose'):
        figures = loading._load(side, str(train_json), 40)()
    assert list(figures) == ['load_s', 'main_mb', 'worker_mb', 'record_us']
    assert 0 < figures['load_s'] < 10 and 0 < figures['record_us'] < 1e5
    # 40 items need next to nothing.
    assert -50 < figures['main_mb'] < 50 and -50 < figures['worker_mb'] < 50


# In a fork of a Python that has imported PyTorch, but neither OpenMMLab nor the plugin.
LOADING = f"""
import json, multiprocessing, sys
sys.path.insert(0, {str(ROOT)!r})
from benchmarks.deepfashion2 import loading
fork = multiprocessing.get_context('fork')
multiprocessing.get_context = lambda method: fork
print(json.dumps(loading.loading(rounds=1, num_items=30, stock_items=20)))
"""


@pytest.mark.slow
def test_fresh_processes(tmp_path):
    (tmp_path / 'loading.py').write_text(LOADING)
    done = run_with_libraries('-W', 'ignore', 'loading.py', cwd=tmp_path)
    figures = json.loads(done.stdout.splitlines()[-1])
    assert list(figures) == ['ours']
    ours = figures['ours']
    assert ours['items'] == 30 and 0.1 < ours['file_mb'] < 0.2
    # Memory is what is added to the imports', which take hundreds.
    assert 0 <= ours['peak_mb'] < 50 and abs(ours['main_mb']) < 50
    assert 0 < ours['load_s'] < 10


@pytest.mark.slow
def test_failures_are_not_taken_for_figures(train_json, capfd, monkeypatch):
    # A fresh process takes seconds to start.
    monkeypatch.setattr(
        fresh_process.multiprocessing,
        'get_context',
        lambda method: multiprocessing.context.ForkContext(),
    )
    with pytest.raises(RuntimeError, match=r"_load\('ours', .* ended .* code 1"):
        loading._measure('ours', str(train_json), 41)
    assert (
        'DeepFashion2GarmentDataset: 40 samples, expected 41' in capfd.readouterr().err
    )
