"""Annotations and predictions of any tool, read for a report."""

import json

import numpy as np
import pytest

from fashion_mmpose import garments
from fashion_mmpose.cli.score.fashionai import score
from fashion_mmpose.errors import FormatError
from fashion_mmpose.evaluation.functional.errors import NEMeasure, OKSMeasure
from fashion_mmpose.evaluation.functional.normalized_error import RULES
from fashion_mmpose.evaluation.functional.oks import score_files
from fashion_mmpose.formats.coco.annotations import coco_categories
from fashion_mmpose.formats.fashionai.tianchi import read_tianchi, write_tianchi
from fashion_mmpose.report.judging import item_errors, judge
from fashion_mmpose.report.material import read_material

BLOUSE = garments.garment('fashionai', 'blouse')


def cells(num, shift=0.0):
    """Rows of blouses, visible, armpits 100 px apart."""
    rows = np.full((num, 24, 3), -1.0)
    for place, channel in enumerate(BLOUSE.channels):
        rows[:, channel] = 50 + 10 * place + shift, 40 + 5 * place, 1
    rows[:, 5, 0], rows[:, 6, 0] = 50 + shift, 150 + shift
    rows[:, 6, 1] = rows[:, 5, 1]
    return rows


@pytest.fixture
def tianchi(tmp_path):
    names = [f'Images/blouse/{i}.jpg' for i in range(4)]
    truth, found = tmp_path / 'truth.csv', tmp_path / 'found.csv'
    write_tianchi(truth, names, ['blouse'] * 4, cells(4))
    write_tianchi(found, names[1:], ['blouse'] * 3, cells(3, 8.0))
    return truth, found


def test_the_official_form(folder):
    material = read_material(folder / 'truth.json', [folder / 'rough.json'])
    assert isinstance(material.measure, OKSMeasure)
    assert material.benchmark.name == 'deepfashion2'
    assert len(material.runs[0].detections) == 12 and len(material.truth.ids) == 12
    expected = score_files(folder / 'truth.json', folder / 'rough.json').numbers
    assert judge(material, material.runs[0]).numbers == expected


def test_csv_of_the_challenge(tianchi):
    material = read_material(tianchi[0], [tianchi[1]])
    assert isinstance(material.measure, NEMeasure)
    judged = judge(material, material.runs[0])
    # Three blouses are 8 of 100 px off; the fourth has no prediction.
    assert judged.numbers['NE'] == pytest.approx((3 * 0.08 + 1) / 4)
    assert judged.costs.without['missed'] == pytest.approx(0.08)
    assert material.truth.images.file_names[0] == 'Images/blouse/0.jpg'


def write_coco(path, name_of_category, rows):
    """Visible garments of pictures ``Images/<category>/<n>.jpg``, from the id 10 on."""
    entries = []
    for i, (category, row) in enumerate(zip(name_of_category, rows)):
        garment = garments.garment('fashionai', category)
        own = row[list(garment.channels)]
        own[:, 2] = 2
        points = np.zeros((24, 3))
        points[list(garment.channels)] = own
        entries.append(
            dict(
                id=i + 1,
                image_id=10 + i,
                category_id=garment.category_id,
                bbox=[30, 30, 150, 80],
                area=150 * 80,
                keypoints=points.ravel().tolist(),
            )
        )
    images = [
        dict(id=10 + i, file_name=f'Images/{category}/{i}.jpg', width=300, height=300)
        for i, category in enumerate(name_of_category)
    ]
    categories = coco_categories('fashionai')
    content = dict(images=images, categories=categories, annotations=entries)
    path.write_text(json.dumps(content))
    return path


def test_csv_for_a_coco_file(tianchi, tmp_path):
    ann_file = write_coco(tmp_path / 'truth.json', ['blouse'] * 4, cells(4))
    predictions = tmp_path / 'found.json'
    found = cells(3, 8.0)[:, list(BLOUSE.channels)]
    entries = [
        dict(image_id=11 + i, category_id=1, score=0.5, keypoints=row.ravel().tolist())
        for i, row in enumerate(found)
    ]
    predictions.write_text(json.dumps(entries))
    material = read_material(ann_file, [tianchi[1], predictions])
    first, second = (judge(material, run) for run in material.runs)
    assert first.numbers == second.numbers
    assert first.numbers['NE'] == pytest.approx((3 * 0.08 + 1) / 4)
    assert [run.name for run in material.runs] == ['found.csv', 'found.json']


def test_names_are_as_short_as_they_are_different(folder, tmp_path):
    (tmp_path / 'other').mkdir()
    copy = tmp_path / 'other' / 'rough.json'
    copy.write_bytes((folder / 'rough.json').read_bytes())
    runs = read_material(folder / 'truth.json', [folder / 'rough.json', copy]).runs
    assert runs[1].name == 'other/rough.json'
    assert runs[0].name == f'{folder.name}/rough.json'
    twice = read_material(folder / 'truth.json', [copy, copy]).runs
    assert len({run.name for run in twice}) == 2


@pytest.fixture
def both(tmp_path):
    """Blouses, of which the CSV predicts three, and a skirt: truth as CSV and JSON."""
    skirts = np.full((1, 24, 3), -1.0)
    skirts[:, list(garments.garment('fashionai', 'skirt').channels)] = 30, 30, 1
    skirts[:, 15, 0] = 130  # the waistband is 100 px wide
    rows = np.concatenate((cells(4), skirts))
    categories = ['blouse'] * 4 + ['skirt']
    names = [f'Images/{category}/{i}.jpg' for i, category in enumerate(categories)]
    write_tianchi(tmp_path / 'both.csv', names, categories, rows)
    write_coco(tmp_path / 'both.json', categories, rows)
    return tmp_path


@pytest.mark.parametrize('truth', ['both.csv', 'both.json'])
def test_categories_that_nobody_predicted_are_left_out(tianchi, both, truth):
    material = read_material(both / truth, [tianchi[1]])
    assert len(material.truth.ids) == len(material.truth.images.ids) == 4
    assert any('left out: skirt' in note for note in material.notes)
    reported = judge(material, material.runs[0]).numbers['NE']
    assert reported == pytest.approx((3 * 0.08 + 1) / 4)


@pytest.mark.parametrize('truth', ['both.csv', 'both.json'])
def test_a_row_of_an_unknown_picture_asks_for_its_category(tianchi, both, truth):
    """As `score fashionai` takes it: the skirt has no prediction."""
    found = read_tianchi(tianchi[1], predictions=True)
    names = [*found.image_ids, 'Images/skirt/unknown.jpg']
    rows = np.concatenate((found.keypoints, cells(1)))
    write_tianchi(both / 'more.csv', names, [*found.categories, 'skirt'], rows)
    material = read_material(both / truth, [both / 'more.csv'])
    assert len(material.truth.ids) == 5
    reported = judge(material, material.runs[0]).numbers['NE']
    scores, _ = score(str(both / 'both.csv'), str(both / 'more.csv'), 'skip_short')
    assert reported == pytest.approx(scores['ne']) and scores['num_images'] == 5


def test_what_a_run_in_json_leaves_out_is_missed(tianchi, both):
    (both / 'none.json').write_text('[]')
    material = read_material(both / 'both.json', [tianchi[1], both / 'none.json'])
    assert len(material.truth.ids) == 5


def test_csv_for_a_file_without_pictures(tianchi, tmp_path):
    empty = write_coco(tmp_path / 'empty.json', [], [])
    with pytest.raises(FormatError, match='found.csv predicts pictures, and the'):
        read_material(empty, [tianchi[1]])


def test_csv_for_another_benchmark(tianchi, folder):
    with pytest.raises(FormatError, match='truth.json is of deepfashion2; to fix it'):
        read_material(folder / 'truth.json', [tianchi[1]])


def test_own_benchmarks(tmp_path):
    description = tmp_path / 'bags.json'
    names = ['strap_left', 'strap_right', 'bottom_left', 'bottom_right']
    description.write_text(json.dumps(dict(name='bags', categories=dict(tote=names))))
    points = [[10, 10, 2], [90, 10, 2], [10, 90, 2], [90, 90, 2]]
    flat = [value for row in points for value in row]
    content = dict(
        images=[dict(id=1, file_name='a.jpg', width=100, height=100)],
        categories=[dict(id=1, name='tote', keypoints=names)],
        annotations=[
            dict(id=1, image_id=1, category_id=1, bbox=[0, 0, 100, 100], keypoints=flat)
        ],
    )
    (tmp_path / 'truth.json').write_text(json.dumps(content))
    found = [dict(image_id=1, category_id=1, score=1, keypoints=flat)]
    (tmp_path / 'found.json').write_text(json.dumps(found))
    files = tmp_path / 'truth.json', [tmp_path / 'found.json']
    material = read_material(*files, benchmark=str(description))
    assert judge(material, material.runs[0]).numbers['AP'] == pytest.approx(1)
    with pytest.raises(FormatError, match='of no benchmark'):
        read_material(*files)


def test_predictions_of_other_pictures(folder, tmp_path):
    entries = json.loads((folder / 'rough.json').read_text())
    entries[3]['image_id'] = 99
    (tmp_path / 'other.json').write_text(json.dumps(entries))
    with pytest.raises(FormatError, match='entry 3 is of image 99'):
        read_material(folder / 'truth.json', [tmp_path / 'other.json'])


def test_json_for_a_csv(tianchi, folder):
    with pytest.raises(FormatError, match='to fix it: give the COCO file'):
        read_material(tianchi[0], [folder / 'rough.json'])


@pytest.mark.parametrize('rule', RULES)
def test_errors_of_garments_add_up_to_the_score(tianchi, rule):
    material = read_material(tianchi[0], [tianchi[1]], rule=rule)
    judged = judge(material, material.runs[0])
    sums, counts = item_errors(material, judged.analysis)
    mean = sums.sum() / counts.sum()
    if rule == 'image_mean':
        mean = (sums / counts).mean()
    assert judged.numbers['NE'] == pytest.approx(mean)


@pytest.mark.parametrize(
    'name, rule, expected',
    [
        ('predictions_test_a_crlf_shuffled.csv', 'skip_short', 0.1794026),
        ('predictions_test_a_no_header.csv', 'skip_short', 0.0431653),
        ('predictions_test_a_no_header.csv', 'fallback_256', 0.0430788),
    ],
)
def test_check_values_of_the_challenge(fashion_data, name, rule, expected):
    folder = fashion_data / 'fashionai'
    (answers,) = folder.glob('*_answer_*.csv')
    material = read_material(answers, [folder / name], rule=rule)
    judged = judge(material, material.runs[0])
    assert round(judged.numbers['NE'], 7) == expected
    sums, counts = item_errors(material, judged.analysis)
    assert sums.sum() / counts.sum() == pytest.approx(judged.numbers['NE'], abs=1e-12)


def test_suffixes_in_capitals(tianchi, tmp_path):
    truth, found = tianchi
    other = tmp_path / 'FOUND.CSV'
    other.write_bytes(found.read_bytes())
    same = read_material(truth, [found]).runs[0].detections
    np.testing.assert_array_equal(
        read_material(truth, [other]).runs[0].detections.points, same.points
    )
