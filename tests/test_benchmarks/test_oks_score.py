"""The generated garments, and figures of all sides over a few of them."""

import numpy as np
import pytest
from mmengine.logging import MMLogger
from mmengine.registry import DefaultScope

from benchmarks.deepfashion2 import oks_score
from fashion_mmpose.evaluation.functional.oks import score_files
from fashion_mmpose.formats.coco.columns import read_columns
from fashion_mmpose.formats.deepfashion2.results import read_results


@pytest.mark.slow
def test_generated_files(tmp_path):
    truth, results = str(tmp_path / 'truth.json'), str(tmp_path / 'found.json')
    oks_score.write_files(truth, results, 300)
    columns = read_columns(truth, 'deepfashion2')
    found = read_results(results)
    # 32,153 images of 51,490 items, in proportion.
    assert len(columns.ids) == 300 and len(columns.images.ids) == 187
    np.testing.assert_array_equal(found.image_ids, columns.image_ids)
    np.testing.assert_array_equal(found.category_ids, columns.category_ids)
    # Points lie in their boxes, and in the picture.
    boxes = np.repeat(columns.boxes, np.diff(columns.starts), axis=0)
    inside = columns.points[:, :2] - boxes[:, :2]
    assert (inside >= 0).all() and (inside < boxes[:, 2:]).all()
    assert ((boxes[:, :2] + boxes[:, 2:]) <= oks_score.SIZE_WH).all()
    # Neither all right nor all wrong.
    assert 0.3 < score_files(truth, results).numbers['AP'] < 0.6


@pytest.fixture
def in_this_process(monkeypatch):
    """Fresh processes take seconds to start."""

    def measure(work, *args):
        return work(*args)() | dict(seconds=2.0, peak_mb=30.0)

    monkeypatch.setattr(oks_score, 'measure', measure)
    logger = MMLogger.get_current_instance()
    level = logger.level
    yield
    logger.setLevel(level)


@pytest.mark.slow
def test_sides(in_this_process):
    """Our two sides find the scores of the stock ones."""
    with DefaultScope.overwrite_default_scope('mmpose'):
        figures = oks_score.oks_score(rounds=2, num_items=40)
    assert list(figures) == [
        'ours',
        'mmpose',
        'ours, from files',
        'xtcocotools, from files',
    ]
    score = figures['ours']['AP']
    assert 0.2 < score < 0.8
    for side in figures.values():
        # The files hold places to a ten-thousandth of a pixel.
        ap = pytest.approx(score, abs=1e-3)
        assert side == dict(items=40, AP=ap, seconds=2.0, peak_mb=30.0)


def test_scores_that_differ():
    figures = dict(ours=dict(AP=0.5), mmpose=dict(AP=0.5001))
    with pytest.raises(RuntimeError, match="'mmpose'.* is not the same: .*0.5001"):
        oks_score._check_equal(figures, 'ours', 'mmpose')
