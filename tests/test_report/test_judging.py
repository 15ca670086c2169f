"""What a report measures and lists."""

import json

import numpy as np
import pytest

from fashion_mmpose.evaluation.functional.errors.points import GOOD
from fashion_mmpose.evaluation.functional.oks import score_files
from fashion_mmpose.evaluation.functional.reliability import reliability
from fashion_mmpose.report.charts.breakdowns import garment_scores, point_scores
from fashion_mmpose.report.examples import example_groups
from fashion_mmpose.report.judging import judge, landmark_rows, resample
from fashion_mmpose.report.material import read_material
from fashion_mmpose.report.tables import (
    category_table,
    garment_table,
    headline_table,
    landmark_table,
)


@pytest.fixture(scope='module')
def material(folder):
    files = [folder / 'rough.json', folder / 'fine.json']
    return read_material(folder / 'truth.json', files)


@pytest.fixture(scope='module')
def runs(material):
    return [judge(material, run) for run in material.runs]


def column(table, header):
    place = table.headers.index(header)
    return [row[place] for row in table.rows]


def test_quality_is_the_similarity(material, runs):
    quality = runs[1].quality
    assert quality[4] == 0  # missed
    assert (np.delete(quality, 4) > 0.3).all()
    assert np.isfinite(runs[0].errors).sum() == np.isfinite(runs[1].errors).sum()


def test_landmarks(material, runs):
    rows = landmark_rows(material, runs[1])
    # 25 of shirts, 8 of skirts, 15 of vests, four garments of each.
    assert len(rows) == 48 and {row.count for row in rows} == {4}
    seen = {row.category: row.seen for row in rows}
    assert sorted(seen.values()) == [3, 4, 4]  # one is missed
    assert all(sum(row.shares) == pytest.approx(1) for row in rows)
    first = rows[0]
    assert (first.category, first.name, first.mirror) == (
        'short_sleeved_shirt',
        '1',
        '',
    )
    assert rows[1].mirror == '6' and first.occluded == 0.5
    assert 0 < first.median_px < 30 and 0 < first.score < 1


def test_garments(runs):
    table = garment_table(runs)
    found, missed, other, of_garment, duplicate, wrong, background = table.rows
    assert [row[1].key for row in table.rows] == [11, 1, 0, 11, 0, 0, 1]
    assert found[1].text == '11 (91.7%)' and missed[2].key == 1
    assert table.headers == ('', 'A: rough.json', 'B: fine.json')


def test_the_headline_has_intervals_and_a_test(material, runs):
    drawn = resample(material, runs, rounds=200)
    table = headline_table(material, runs, drawn)
    ap, first, second, difference, p = table.rows[0]
    assert ap.text == 'AP' and first.key < second.key
    assert difference.key == pytest.approx(second.key - first.key)
    assert first.text.startswith(f'{first.key:.4f} [') and p.key < 0.05
    names = [row[0].text for row in table.rows]
    # Numbers that are not drawn again have no interval and no test.
    assert table.rows[names.index('AP(L)')][4].text == '–'
    assert '[' not in table.rows[names.index('AR.5')][1].text


def test_one_run_has_no_test(material, runs):
    drawn = resample(material, runs[:1], rounds=20)
    assert headline_table(material, runs[:1], drawn).headers == ('', 'rough.json')


def test_categories(material, runs):
    drawn = resample(material, runs, rounds=50)
    table = category_table(material, runs, drawn)
    names = [cell.text for cell in column(table, 'category')]
    assert names == ['short_sleeved_shirt', 'vest', 'skirt']
    assert [cell.key for cell in column(table, 'garments')] == [4, 4, 4]
    for cell, name in zip(column(table, 'AP, B'), names):
        assert cell.key == runs[1].per_category[name]['AP']
    found = [cell.key for cell in column(table, 'found, A')]
    assert sorted(found) == [0.75, 1, 1]


def test_landmark_columns(material, runs):
    tables = [landmark_rows(material, judged) for judged in runs]
    table = landmark_table(material, runs, tables)
    good_a = [cell.key for cell in column(table, 'good, A')]
    good_b = [cell.key for cell in column(table, 'good, B')]
    assert np.mean(good_b) > np.mean(good_a)
    share = (runs[0].analysis.types == GOOD).sum() / (runs[0].analysis.types >= 0).sum()
    assert 0 < share < 1
    # Numbers of the figure are sorted as numbers.
    assert column(table, 'landmark')[9].key == 10


def test_calibration(material, runs):
    scores, right = garment_scores(runs[1])
    assert len(scores) == 12 and right.sum() >= 10
    scores, near = point_scores(material, runs[1], 1.1774)
    assert len(scores) == len(near) == (runs[1].analysis.types >= 0).sum()
    assert (near >= (runs[1].analysis.types[runs[1].analysis.types >= 0] <= 1)).all()
    assert reliability(scores, near) == []  # they are all 1
    wider = point_scores(material, runs[1], 100)[1]
    assert wider.all() and not near.all()


def test_only_what_is_better_or_worse_is_shown_as_such(material, runs):
    def titles(*of):
        groups = example_groups(material, of, None, num=2)
        return [group.title for group in groups if group.title.endswith('in B')]

    assert titles(*runs) == ['What is better in B']
    assert titles(*runs[::-1]) == ['What is worse in B']
    assert titles(runs[0], runs[0]) == []


def test_doubts_are_those_of_the_score(folder, tmp_path):
    truth = json.loads((folder / 'truth.json').read_text())
    for item in truth['annotations']:
        item['area'] = 0
    (tmp_path / 'flat.json').write_text(json.dumps(truth))
    material = read_material(tmp_path / 'flat.json', [folder / 'fine.json'])
    doubts = judge(material, material.runs[0]).doubts
    assert doubts[0].startswith('12 of 12 garments have area 0 beside a box that has')
    named = score_files(tmp_path / 'flat.json', folder / 'fine.json').notes
    assert [f'{tmp_path / "flat.json"}: {each}' for each in doubts] == [*named]
