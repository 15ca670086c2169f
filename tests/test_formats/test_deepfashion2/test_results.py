"""The official result list, written and read."""

import io
import json

import numpy as np
import pytest
from official_oks import GARMENTS, SHIRT, SKIRT, VEST, result, write

from fashion_mmpose.errors import FormatError
from fashion_mmpose.files.writing.outputs import OutputFiles
from fashion_mmpose.formats.deepfashion2.results import (
    garment_columns,
    read_results,
    result_columns,
    write_results,
)
from fashion_mmpose.garments import GarmentPrediction

# Eight points, x from 10 to 80, y from 0 to 14, each with its score.
POINTS = np.array([[10 * (i + 1), 2 * i, i / 8] for i in range(8)])


def entry(**changes):
    return dict(image_id=7, category_id=SKIRT, score=0.5, keypoints=POINTS) | changes


def test_what_is_written():
    file = io.StringIO()
    points = POINTS.copy()
    points[0] = 10.123456, -0.00001, 0.98765432
    points[1] = 20, 2.5, 1
    assert write_results(file, iter([entry(keypoints=points)])) == 1
    text = file.getvalue()
    assert text.startswith(
        '[{"image_id":7,"category_id":9,"score":0.5,"keypoints":[10.1235,0,0,10.1235,'
    )
    assert ' ' not in text and text.endswith(',10.1235,0,0]}]\n')
    (written,) = json.loads(text)
    slots = np.reshape(written['keypoints'], (294, 3))
    own = list(GARMENTS[SKIRT].channels)
    np.testing.assert_allclose(slots[own], points, atol=5e-5)
    assert slots[own][1].tolist() == [20, 2.5, 1]
    others = np.delete(slots, own, axis=0)
    assert (others == [10.1235, 0, 0]).all() and len(others) == 286


@pytest.mark.parametrize('category_id', [1, 13], ids=['first', 'last'])
def test_spans_at_the_ends(category_id):
    channels = GARMENTS[category_id].channels
    points = np.random.default_rng(0).uniform(1, 9, (len(channels), 3)).round(4)
    file = io.StringIO()
    write_results(file, [entry(category_id=category_id, keypoints=points)])
    slots = np.reshape(json.loads(file.getvalue())[0]['keypoints'], (294, 3))
    assert slots[list(channels)].tolist() == points.tolist()


def test_an_empty_list(tmp_path):
    with OutputFiles() as outputs:
        assert write_results(outputs.open(tmp_path / 'none.json'), []) == 0
    results = read_results(tmp_path / 'none.json')
    assert len(results) == 0 and results.points.shape == (0, 2)
    assert results.starts.tolist() == [0] and len(result_columns([])) == 0


@pytest.mark.parametrize('number', [np.nan, np.inf], ids=str)
@pytest.mark.parametrize('where', ['score', 'keypoints'])
def test_numbers_that_are_not_finite(tmp_path, where, number):
    changes = dict(score=number)
    if where == 'keypoints':
        changes = dict(keypoints=np.where(POINTS == 20, number, POINTS))
    path = write(tmp_path / 'old.json', 'old')
    message = 'image 7: the prediction of a skirt has'
    with pytest.raises(ValueError, match=message), OutputFiles() as outputs:
        write_results(outputs.open(path), [entry(), entry(**changes)])
    assert path.read_text() == '"old"'
    assert list(tmp_path.iterdir()) == [path]


def test_read_back(tmp_path):
    shirt = np.random.default_rng(0).uniform(0, 400, (25, 3)).round(4)
    entries = [
        entry(),
        entry(image_id=2**40, category_id=SHIRT, score=1, keypoints=shirt),
    ]
    with OutputFiles() as outputs:
        write_results(outputs.open(tmp_path / 'found.json'), entries)
    read = read_results(tmp_path / 'found.json')
    memory = result_columns(entries)
    for results in (read, memory):
        assert results.image_ids.tolist() == [7, 2**40]
        assert results.category_ids.tolist() == [SKIRT, SHIRT]
        assert results.scores.tolist() == [0.5, 1]
        assert results.starts.tolist() == [0, 8, 33]
        np.testing.assert_array_equal(
            results.points, np.concatenate([POINTS, shirt])[:, :2]
        )
        extent = np.ptp(shirt[:, :2], axis=0).prod()
        np.testing.assert_allclose(results.areas, [70 * 14, extent])
        assert results.slots == {}


@pytest.mark.parametrize('num', [0, 1, 2])
def test_columns_of_garments(num):
    """They are those of the garments' entries."""
    rng = np.random.default_rng(0)
    entries = [
        entry(image_id=2**40, category_id=category_id, keypoints=rng.random((count, 3)))
        for category_id, count in ((SHIRT, 25), (SKIRT, 8))
    ][:num]
    predicted = [GarmentPrediction.from_coco(e, 'deepfashion2') for e in entries]
    found = garment_columns([(each, 0.3) for each in predicted])
    expected = result_columns([each.to_official(0.3) for each in predicted])
    assert len(found) == num
    for name, values in vars(expected).items():
        np.testing.assert_array_equal(getattr(found, name), values, name)


def test_sizes_are_those_of_all_slots_or_of_boxes(tmp_path):
    far = np.zeros((294, 2))
    far[200] = 1000, 100
    entries = [result(1, SKIRT, 0.5, POINTS[:, :2], unused=far)]
    path = write(tmp_path / 'found.json', entries)
    assert read_results(path).areas.tolist() == [100_000]
    # The first entry says for all where the size is taken from, as in COCO's tools.
    entries = [entries[0] | dict(bbox=[5, 5, 30, 2])] * 2
    assert read_results(write(path, entries)).areas.tolist() == [60, 60]
    entries = [entries[0] | dict(bbox=[]), entries[1]]
    assert read_results(write(path, entries)).areas.tolist() == [100_000] * 2


def test_slots_that_are_asked_for(tmp_path):
    rng = np.random.default_rng(0)
    junk = rng.uniform(0, 100, (294, 2))
    entries = [
        result(1, SKIRT, 0.5, POINTS[:, :2], junk),
        result(1, VEST, 0.5, np.ones((15, 2)), junk),
        dict(image_id=2, category_id=SKIRT, score=1, keypoints=POINTS.ravel().tolist()),
    ]
    path = write(tmp_path / 'found.json', entries)
    results = read_results(path, whole=[(1, SKIRT), (2, SKIRT), (3, VEST)])
    assert list(results.slots) == [0, 2]
    own = list(GARMENTS[SKIRT].channels)
    for slots in results.slots.values():
        assert slots.shape == (294, 2)
        np.testing.assert_array_equal(slots[own], POINTS[:, :2])
    np.testing.assert_array_equal(results.slots[0][0], junk[0])
    # The category's own landmarks only: they fill the other slots.
    np.testing.assert_array_equal(results.slots[2][0], POINTS[0, :2])
    assert results.areas[2] == 70 * 14


GOOD = result(1, SKIRT, 0.5, POINTS[:, :2])


def test_whole_ids_with_a_fraction(tmp_path):
    """Tables write them so where a cell of the column is empty."""
    entries = [GOOD, GOOD | dict(image_id=79952.0, category_id=float(SKIRT))]
    results = read_results(write(tmp_path / 'found.json', entries), [(79952, SKIRT)])
    assert results.image_ids.tolist() == [1, 79952]
    assert results.category_ids.tolist() == [SKIRT, SKIRT]
    assert [*results.slots] == [1]


@pytest.mark.parametrize(
    'bad, message',
    [
        pytest.param([], r'expected `object`, got `array`', id='no object'),
        pytest.param(
            GOOD | dict(score=None), r'Expected `float`, got `null`', id='no score'
        ),
        pytest.param(
            {k: v for k, v in GOOD.items() if k != 'image_id'},
            r'missing required field `image_id`',
            id='no image',
        ),
        pytest.param(
            GOOD | dict(image_id=7.5), 'image_id 7.5 is no whole number', id='half'
        ),
        pytest.param(GOOD | dict(image_id=1e300), r'`\$\.image_id`', id='endless'),
        pytest.param(GOOD | dict(category_id=9.5), 'category_id 9.5 is', id='9.5'),
        pytest.param(GOOD | dict(image_id='1'), r'`\$\.image_id`', id='name of image'),
        pytest.param(
            GOOD | dict(category_id=14),
            'category_id 14 is not one of DeepFashion2, 1 to 13',
            id='unknown category',
        ),
        pytest.param(
            GOOD | dict(keypoints=[1.0] * 51),
            'it has 51 key point numbers; expected 882, or the 24 of a skirt',
            id='number of points',
        ),
        pytest.param(
            GOOD | dict(keypoints=[0, 'x'] * 441),
            r'got `str` - at `\$\.keypoints\[1\]`',
            id='text',
        ),
    ],
)
def test_bad_entries(tmp_path, bad, message):
    path = write(tmp_path / 'found.json', [GOOD, bad])
    with pytest.raises(FormatError, match=rf'found\.json: entry 1: .*(?i:{message})'):
        read_results(path)


@pytest.mark.parametrize(
    'text, message',
    [
        pytest.param('{"a": 1}', 'must hold a list of results', id='an object'),
        pytest.param('[1', r'found\.json is not valid JSON', id='cut'),
        pytest.param('', r'found\.json is not valid JSON', id='empty'),
        pytest.param(
            json.dumps([GOOD]).replace('0.5', '1e999'),
            'entry 0: .*(finite|out of range)',
            id='infinite',
        ),
        pytest.param(
            json.dumps([GOOD | dict(bbox=[1, 2, 3, 4]), GOOD]),
            'entry 1 must have a bbox of four numbers, as entry 0 has',
            id='one box only',
        ),
    ],
)
def test_bad_files(tmp_path, text, message):
    path = tmp_path / 'found.json'
    path.write_text(text)
    with pytest.raises(FormatError, match=message):
        read_results(path)


def test_no_such_file(tmp_path):
    with pytest.raises(FileNotFoundError, match=r'found\.json does not exist'):
        read_results(tmp_path / 'found.json')
