"""Files written by a test run."""

import json

import numpy as np
import pytest
from mmengine.logging import MessageHub

from fashion_mmpose.evaluation import PredictionFile
from fashion_mmpose.formats import FormatError


def sample(image_id, keypoints, scores, bbox_score=0.5):
    return dict(
        img_id=image_id,
        category_id=4,
        pred_instances=dict(
            keypoints=np.array([keypoints], np.float32),
            keypoint_scores=np.array([scores], np.float32),
            bboxes=np.array([[10, 20, 40, 60]], np.float32),
            bbox_scores=np.array([bbox_score], np.float32),
        ),
    )


POINTS = [[1.5, 2], [3, 4], [5, 6], [7, 8.25]]


@pytest.fixture
def known_ann_file(tmp_path):
    """The annotation file of the dataset under test, known to metrics as in MMPose."""
    path = tmp_path / 'test_skirt.json'
    images = [dict(id=7, file_name='Images/skirt/a.jpg', category_id=4)]
    path.write_text(json.dumps(dict(images=images)))
    MessageHub.get_current_instance().update_info('fashionai_skirt_ann_file', str(path))


def test_both_files(tmp_path, known_ann_file):
    files = [tmp_path / 'p.json', tmp_path / 'p.csv']
    metric = PredictionFile([str(file) for file in files])
    metric.dataset_meta = dict(dataset_name='fashionai_skirt')
    metric.process({}, [sample(7, POINTS, [0.2, 0.4, 0.6, 0.0])])
    # The second sample is what padding of a distributed run repeats.
    metric.process({}, [sample(7, POINTS, [0.2, 0.4, 0.6, 0.0])])
    assert metric.evaluate(size=1) == {}
    (result,) = json.loads(files[0].read_text())
    assert result['image_id'] == 7 and result['category_id'] == 4
    assert result['bbox'] == [10, 20, 30, 40]
    # Box score times the mean of the scores that are not 0.
    assert result['score'] == pytest.approx(0.5 * 0.4)
    np.testing.assert_allclose(
        np.reshape(result['keypoints'], (4, 3))[[0, 3]],
        [[1.5, 2, 0.2], [7, 8.25, 0.0]],
    )
    row = files[1].read_text().splitlines()[1].split(',')
    assert row[:2] == ['Images/skirt/a.jpg', 'skirt']
    assert row[17:21] == ['2_2_1', '3_4_1', '5_6_1', '7_8_1']
    assert row[2] == '-1_-1_-1'


def test_a_refused_submission_leaves_the_json(tmp_path, known_ann_file):
    files = [tmp_path / 'p.csv', tmp_path / 'p.json']
    metric = PredictionFile([str(file) for file in files])
    metric.dataset_meta = dict(dataset_name='fashionai_skirt')
    metric.process(
        {}, [dict(sample(7, [*POINTS, *POINTS[:3]], [1] * 7), category_id=5)]
    )
    message = "1 of 1 images have no prediction of their category: 'Images/skirt/a.jpg'"
    with pytest.raises(FormatError, match=message):
        metric.evaluate(size=1)
    assert len(json.loads(files[1].read_text())) == 1
    assert not files[0].exists()


def test_other_names_are_refused():
    with pytest.raises(ValueError, match=r'cannot write p.txt: its name must end in'):
        PredictionFile(['p.txt'])
