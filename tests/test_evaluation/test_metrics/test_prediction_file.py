"""Files written by a test run."""

import json

import numpy as np
import pytest
from mmengine.logging import MessageHub

from fashion_mmpose import garments
from fashion_mmpose.errors import FormatError
from fashion_mmpose.evaluation.metrics import GarmentOKS, PredictionFile
from fashion_mmpose.evaluation.metrics.prediction_file import scoring_of


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


def test_a_csv_without_the_pictures_that_are_left_out(tmp_path, known_ann_file):
    listed = tmp_path / 'test_skirt.json'
    images = [
        dict(id=number, file_name=f'Images/skirt/{name}.jpg', category_id=4)
        for number, name in enumerate('abc', 7)
    ]
    listed.write_text(json.dumps(dict(images=images)))
    metric = PredictionFile([str(tmp_path / 'p.csv')])
    metric.dataset_meta = dict(dataset_name='fashionai_skirt', category='skirt')
    for image_id in (7, 9):
        metric.process({}, [sample(image_id, POINTS, [0.2, 0.4, 0.6, 0.0])])
    with pytest.raises(FormatError, match='1 of 3 images have no prediction'):
        metric.evaluate(size=2)
    metric.left_out = {str(listed): [8]}
    for image_id in (7, 9):
        metric.process({}, [sample(image_id, POINTS, [0.2, 0.4, 0.6, 0.0])])
    metric.evaluate(size=2)
    rows = (tmp_path / 'p.csv').read_text().splitlines()[1:]
    assert [row.split(',')[0] for row in rows] == [
        'Images/skirt/a.jpg',
        'Images/skirt/c.jpg',
    ]


def test_repeated_samples_are_written_once(tmp_path):
    path = tmp_path / 'p.json'
    metric = PredictionFile([str(path)])
    metric.dataset_meta = dict(dataset_name='fashionai_skirt', category='skirt')
    one, other = (sample(i, POINTS, [0.2, 0.4, 0.6, 0.0]) for i in (7, 8))
    metric.process({}, [one, other, one])
    metric.evaluate(size=3)
    assert [entry['image_id'] for entry in json.loads(path.read_text())] == [7, 8]


def test_pictures_of_several_files_are_no_single_list(tmp_path):
    """Files number their pictures alike."""
    path = tmp_path / 'p.json'
    metric = PredictionFile([str(path)])
    metric.dataset_meta = dict(dataset_name='fashionai_skirt', category='skirt')
    for name in ('a.jpg', 'b.jpg'):
        found = sample(7, POINTS, [0.2, 0.4, 0.6, 0.0])
        metric.process({}, [dict(found, img_path=name)])
    with pytest.raises(FormatError, match='^a.jpg and b.jpg have one id, 7, by which'):
        metric.evaluate(size=2)
    assert not path.exists()


def test_both_files(tmp_path, known_ann_file):
    files = [tmp_path / 'p.json', tmp_path / 'p.csv']
    metric = PredictionFile([str(file) for file in files])
    metric.dataset_meta = dict(dataset_name='fashionai_skirt', category='skirt')
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


@pytest.mark.slow
def test_a_refused_submission_leaves_the_json(tmp_path, known_ann_file):
    files = [tmp_path / 'p.csv', tmp_path / 'p.json']
    metric = PredictionFile([str(file) for file in files])
    metric.dataset_meta = dict(dataset_name='fashionai_skirt', category='skirt')
    metric.process(
        {}, [dict(sample(7, [*POINTS, *POINTS[:3]], [1] * 7), category_id=5)]
    )
    message = "1 of 1 images have no prediction of their category: 'Images/skirt/a.jpg'"
    with pytest.raises(FormatError, match=message):
        metric.evaluate(size=1)
    assert len(json.loads(files[1].read_text())) == 1
    assert not files[0].exists()


def test_predictions_on_a_stock_dataset_are_a_plain_list(tmp_path):
    metric = PredictionFile([str(tmp_path / 'p.json')])
    metric.dataset_meta = dict(dataset_name='coco')
    metric.process(None, [sample(7, np.full((17, 2), 3.0), np.full(17, 0.5), 0.8)])
    metric.evaluate(size=1)
    (entry,) = json.loads((tmp_path / 'p.json').read_text())
    assert entry['image_id'] == 7
    assert entry['score'] == 0.4
    assert entry['keypoints'] == [3.0, 3.0, 0.5] * 17


def test_other_names_are_refused():
    with pytest.raises(ValueError, match=r'cannot write p.txt: its name must end in'):
        PredictionFile(['p.txt'])


def shorts_sample(box_score, shift=0.0):
    """Ten own points in the layout of DeepFashion2's 294."""
    sample_ = sample(7, np.full((294, 2), 3.0), np.zeros(294), box_score)
    sample_['category_id'] = 7
    channels = list(garments.garment('deepfashion2', 'shorts').channels)
    instances = sample_['pred_instances']
    instances['keypoints'][0, channels] = np.arange(20).reshape(10, 2) + shift
    instances['keypoint_scores'][0, channels] = 0.5
    return sample_


@pytest.mark.parametrize(
    'scoring, scores',
    [
        pytest.param(None, [0.5, 0.75], id='the box alone'),
        pytest.param(dict(rescore=True), [0.25, 0.375], id='rescored'),
        pytest.param(dict(nms='hard'), [0.75], id='suppressed'),
    ],
)
@pytest.mark.parametrize(
    'meta',
    [
        dict(dataset_name='deepfashion2'),
        dict(dataset_name='deepfashion2_shorts'),
        dict(dataset_name='my_shop', benchmark='deepfashion2'),
    ],
    ids=lambda meta: meta['dataset_name'],
)
def test_official_list_of_deepfashion2(tmp_path, scoring, scores, meta):
    path = tmp_path / 'p.json'
    metric = PredictionFile([str(path)], scoring=scoring)
    metric.dataset_meta = meta
    metric.process({}, [shorts_sample(0.5), shorts_sample(0.75, 0.125)])
    assert metric.evaluate(size=2) == {}
    entries = json.loads(path.read_text())
    assert [entry['score'] for entry in entries] == scores
    last = entries[-1]
    assert last.keys() == {'image_id', 'category_id', 'score', 'keypoints'}
    assert (last['image_id'], last['category_id']) == (7, 7)
    slots = np.reshape(last['keypoints'], (294, 3))
    channels = list(garments.garment('deepfashion2', 'shorts').channels)
    np.testing.assert_array_equal(
        slots[channels, :2], np.arange(20).reshape(10, 2) + 0.125
    )
    assert (slots[channels, 2] == 0.5).all()
    assert (np.delete(slots, channels, axis=0) == [0.125, 1.125, 0]).all()


@pytest.mark.parametrize(
    'scoring, found',
    [
        pytest.param(None, {1: 0.75, 2: 0.5}, id='the box alone'),
        pytest.param(dict(rescore=True), {1: 0.1875, 2: 0.25}, id='rescored'),
        pytest.param(dict(rescore=True, nms='hard'), {2: 0.25}, id='suppressed'),
    ],
)
def test_own_benchmarks_have_the_scores_of_the_metric(tmp_path, scoring, found):
    """The file ranks garments as GarmentOKS does: a report of it has the run's AP."""
    bags = dict(name='bags', categories=dict(tote=['left', 'right', 'handle', 'base']))
    metric = PredictionFile([str(tmp_path / 'out.json')], scoring=scoring)
    scorer = GarmentOKS(
        **(scoring or {}), out_file=str(tmp_path / 'scored.json'), format_only=True
    )
    sure, unsure = (
        sample(7, np.array(POINTS) + shift, [score] * 4, box_score) | dict(id=number)
        for number, shift, score, box_score in ((1, 0, 0.25, 0.75), (2, 0.25, 0.5, 0.5))
    )
    unsure['pred_instances']['bboxes'] = np.array([[11, 20, 41, 60]], np.float32)
    for each in (metric, scorer):
        each.dataset_meta = dict(dataset_name='bags', benchmark=bags)
        each.process({}, [sure | dict(category_id=1), unsure | dict(category_id=1)])
        each.evaluate(size=2)
    entries = json.loads((tmp_path / 'out.json').read_text())
    # The second one's points lie a quarter of a pixel to the right.
    numbers = {1.5: 1, 1.75: 2}
    assert {
        numbers[entry['keypoints'][0]]: entry['score'] for entry in entries
    } == found
    assert entries == json.loads((tmp_path / 'scored.json').read_text())


def test_no_csv_of_deepfashion2():
    metric = PredictionFile(['p.json', 'p.csv'])
    metric.dataset_meta = dict(dataset_name='deepfashion2')
    with pytest.raises(ValueError, match='cannot write p.csv: CSV is the form of Fash'):
        metric.process({}, [shorts_sample(0.5)])


@pytest.mark.parametrize('kind', ['GarmentOKS', 'mmpose.GarmentOKS', GarmentOKS])
def test_scoring_of_a_config(kind):
    scorer = dict(type=kind, rescore=True, nms='soft', per_category=False)
    evaluators = [dict(type='EPE'), scorer]
    assert scoring_of(evaluators) == dict(rescore=True, nms='soft')
    assert scoring_of(evaluators[:1]) == {}
