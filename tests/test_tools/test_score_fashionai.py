import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from fashion_mmpose.garments import garment, keypoints

REPO = Path(__file__).parents[2]
SCRIPT = REPO / 'tools' / 'score_fashionai.py'
DATA = Path(os.environ.get('FASHION_MMPOSE_DATA', '')) / 'fashionai'
TEST_A = DATA / 'fashionAI_key_points_test_a_answer_20180426.csv'
NAMES = keypoints('fashionai')

needs_data = pytest.mark.skipif(
    not ('FASHION_MMPOSE_DATA' in os.environ and TEST_A.exists()),
    reason='FASHION_MMPOSE_DATA does not name a folder with fashionai/',
)


@pytest.fixture(scope='module')
def main():
    spec = importlib.util.spec_from_file_location('score_fashionai', SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.main


def row(image_id: str, category: str, **points: str) -> str:
    cells = [points.get(name, '-1_-1_-1') for name in NAMES]
    return ','.join([image_id, category, *cells]) + '\n'


# s = 50 px and two visible points; s = 20 px and one.
GT = [
    row(
        'a',
        'blouse',
        armpit_left='100_100_0',
        armpit_right='130_140_1',
        neckline_left='0_512_1',
    ),
    row(
        'b',
        'skirt',
        waistband_left='10_0_0',
        waistband_right='30_0_0',
        hemline_left='9_9_1',
    ),
]
# 5 px off.
PRED_A = row('a', 'blouse', armpit_right='133_144_1', neckline_left='0_507_1')
PRED_B = row('b', 'skirt', hemline_left='14_9_1')


@pytest.fixture
def run(main, tmp_path, capsys):
    def run_on(pred: list[str], *options: str, gt: list[str] = GT):
        (tmp_path / 'gt.csv').write_text(''.join(gt))
        (tmp_path / 'pred.csv').write_text(''.join(pred))
        code = main(
            [
                str(tmp_path / 'gt.csv'),
                str(tmp_path / 'pred.csv'),
                '--json',
                str(tmp_path / 'out.json'),
                *options,
            ]
        )
        out = capsys.readouterr()
        path = tmp_path / 'out.json'
        return code, json.loads(path.read_text()) if path.exists() else None, out

    return run_on


def test_scores_and_tables(run):
    code, scores, out = run([PRED_B, PRED_A])
    assert code == 0
    assert scores['ne'] == pytest.approx((0.1 + 0.1 + 0.25) / 3)
    assert scores['per_category']['skirt']['ne'] == pytest.approx(0.25)
    assert scores['per_keypoint']['neckline_left'] == {
        'ne': pytest.approx(0.1),
        'num_points': 1,
    }
    assert scores['per_keypoint']['waistband_left'] == {'ne': None, 'num_points': 0}
    assert {key: value for key, value in scores.items() if key.startswith('num_')} == {
        'num_points': 3,
        'num_images': 2,
        'num_skipped_images': 0,
        'num_missing_images': 0,
        'num_ignored_rows': 0,
    }
    lines = [line.replace(' ', '') for line in out.out.splitlines()]
    assert '|skirt|25.0000|1|1|0|0|' in lines
    assert '|all|15.0000|3|2|0|0|' in lines
    assert '|neckline_left|10.0000|1|' in lines
    assert out.err == ''


@pytest.mark.parametrize(
    'pred, missing, ignored, detail',
    [
        pytest.param([PRED_A], 1, 0, 'unknown image: 0, other category: 0', id='none'),
        pytest.param(
            [PRED_A, row('b', 'dress')],
            1,
            1,
            'unknown image: 0, other category: 1',
            id='other category',
        ),
        pytest.param(
            [PRED_A, row('c', 'skirt'), row('d', 'skirt')],
            1,
            2,
            'unknown image: 2, other category: 0',
            id='unknown image',
        ),
    ],
)
def test_missing_and_ignored(run, pred, missing, ignored, detail):
    code, scores, out = run(pred, '--category', 'blouse', 'skirt')
    assert code == 0
    assert scores['ne'] == pytest.approx((0.1 + 0.1 + 1) / 3)
    if ignored:
        assert run(pred)[1] == scores  # skirts are asked for by what is predicted
    assert scores['num_missing_images'] == missing
    assert scores['num_ignored_rows'] == ignored
    assert f'without prediction: {missing}\n' in out.out
    assert f'prediction rows ignored: {ignored} ({detail})' in out.out


def test_rule(run):
    no_end = row('c', 'trousers', crotch='7_7_1')
    gt = [*GT, no_end]
    every = '--category', 'blouse', 'skirt', 'trousers'
    _, scores, _ = run([PRED_A, PRED_B], *every, gt=gt)
    assert (scores['num_points'], scores['num_skipped_images']) == (3, 1)
    _, scores, out = run([PRED_A, PRED_B, no_end], '--rule', 'fallback_256', gt=gt)
    assert scores['rule'] == 'fallback_256'
    assert scores['ne'] == pytest.approx(0.45 / 4)
    assert (scores['num_points'], scores['num_skipped_images']) == (4, 0)
    assert 'NE, fallback_256' in out.out


@pytest.mark.parametrize(
    'pred, gt, message',
    [
        pytest.param([row('x', 'skirt')], GT, "here 'x', there 'a'", id='other ids'),
        pytest.param(
            [PRED_A, 'b,skirt\n'], GT, 'pred.csv, line 2', id='broken prediction'
        ),
        pytest.param([PRED_A], ['a,blouse\n'], 'annotations are needed', id='no truth'),
    ],
)
def test_user_errors_are_one_line(run, pred, gt, message):
    code, scores, out = run(pred, gt=gt)
    assert code == 1
    assert scores is None
    assert out.out == ''
    errors = [line for line in out.err.splitlines() if line.startswith('error: ')]
    assert len(errors) == 1
    assert message in errors[0]
    assert 'Traceback' not in out.err


def test_missing_file(main, tmp_path, capsys):
    assert main([str(tmp_path / 'gt.csv'), str(tmp_path / 'pred.csv')]) == 1
    assert capsys.readouterr().err.startswith('error: ')


@pytest.mark.slow
def test_runs_from_any_folder(tmp_path):
    (tmp_path / 'gt.csv').write_text(''.join(GT))
    done = subprocess.run(
        [sys.executable, str(SCRIPT), 'gt.csv', 'gt.csv', '--json', 'out.json'],
        cwd=tmp_path,
        env=os.environ | {'PYTHONPATH': str(REPO)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads((tmp_path / 'out.json').read_text())['ne'] == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ['gt.csv', 'out.json']


# The prediction files answer the 9,996 images of test_a; the second one lacks one
# image of two visible points.
COMPLETE = 'predictions_test_a_crlf_shuffled.csv'
ONE_LACKS = 'predictions_test_a_no_header.csv'


@pytest.mark.slow
@needs_data
@pytest.mark.parametrize(
    'pred, rule, ne, num_points, num_skipped, num_missing',
    [
        (COMPLETE, 'skip_short', 0.1794026, 82410, 34, 0),
        (COMPLETE, 'skip_unlabelled', 0.1794388, 82275, 53, 0),
        (COMPLETE, 'fallback_256', 0.1791210, 82708, 0, 0),
        (COMPLETE, 'image_mean', 0.2043493, 82275, 53, 0),
        (ONE_LACKS, 'skip_short', 0.0431653, 82410, 34, 1),
        (ONE_LACKS, 'skip_unlabelled', 0.0431725, 82275, 53, 1),
        (ONE_LACKS, 'fallback_256', 0.0430788, 82708, 0, 1),
    ],
)
def test_check_values(
    main, tmp_path, pred, rule, ne, num_points, num_skipped, num_missing
):
    out = tmp_path / 'out.json'
    arguments = [str(TEST_A), str(DATA / pred), '--rule', rule, '--json', str(out)]
    assert main(arguments) == 0
    scores = json.loads(out.read_text())
    assert round(scores['ne'], 7) == ne
    assert scores['num_points'] == num_points
    assert scores['num_images'] == 9996
    assert scores['num_skipped_images'] == num_skipped
    assert scores['num_missing_images'] == num_missing
    assert scores['num_ignored_rows'] == 0


@pytest.mark.slow
@needs_data
@pytest.mark.parametrize(
    'rule, ne, num_points',
    [
        ('skip_short', 0.0431421, 82408),
        ('skip_unlabelled', 0.0431492, 82273),
        ('fallback_256', 0.0430557, 82706),
        ('image_mean', 0.0440649, 82273),
    ],
)
def test_check_values_without_the_missing_image(main, tmp_path, rule, ne, num_points):
    pred = DATA / ONE_LACKS
    answered = {line.split(',')[0] for line in pred.read_text().splitlines()}
    header, *lines = TEST_A.read_text().splitlines(keepends=True)
    gt = tmp_path / 'gt.csv'
    kept = [line for line in lines if line.split(',')[0] in answered]
    assert len(kept) == 9995
    gt.write_text(''.join([header, *kept]))
    out = tmp_path / 'out.json'
    assert main([str(gt), str(pred), '--rule', rule, '--json', str(out)]) == 0
    scores = json.loads(out.read_text())
    assert round(scores['ne'], 7) == ne
    assert scores['num_points'] == num_points
    assert scores['num_missing_images'] == 0


@pytest.mark.slow
@needs_data
def test_truth_scores_zero_and_parts_add_up(main, tmp_path):
    out = tmp_path / 'out.json'
    assert main([str(TEST_A), str(TEST_A), '--json', str(out)]) == 0
    scores = json.loads(out.read_text())
    assert scores['ne'] == 0
    for parts in (scores['per_category'], scores['per_keypoint']):
        assert sum(part['num_points'] for part in parts.values()) == 82410
    for name in scores['per_category']:
        assert set(garment('fashionai', name).keypoints) <= set(scores['per_keypoint'])


def test_names_below_another_folder(run):
    """As predict.py --save-csv names pictures: by their place below the input."""
    gt = [GT[0].replace('a,', 'Images/blouse/a.jpg,', 1), GT[1]]
    pred = [PRED_A.replace('a,', 'a.jpg,', 1), PRED_B]
    code, scores, out = run(pred, gt=gt)
    expected = run([PRED_A, PRED_B])[1]
    assert code == 0 and scores == expected
    assert '1 images of ' in out.out and 'by the last part of their names' in out.out


def test_a_last_part_that_is_not_unique_is_no_name(run):
    gt = [row.replace(name, f'{name}/x.jpg', 1) for name, row in zip('ab', GT)]
    code, scores, out = run([PRED_A.replace('a,', 'x.jpg,', 1)], gt=gt)
    assert code == 1 and scores is None
    assert 'no row answers an image' in out.err


def test_only_what_was_predicted_is_scored(run):
    code, scores, out = run([PRED_A])
    assert code == 0 and [*scores['per_category']] == ['blouse']
    assert scores['ne'] == pytest.approx(scores['per_category']['blouse']['ne'])
    assert scores['num_images'] == 1 and scores['num_missing_images'] == 0
    assert 'categories left out: skirt' in out.out and '--category' in out.out
    code, scores, out = run([PRED_A], '--category', 'blouse', 'skirt')
    assert scores['per_category']['skirt']['ne'] == 1
    assert 'left out' not in out.out
    code, scores, out = run([PRED_A, PRED_B], '--category', 'skirt')
    assert [*scores['per_category']] == ['skirt'] and scores['num_ignored_rows'] == 0
    code, scores, out = run([PRED_A], '--category', 'dress')
    assert code == 1 and 'it has no image of dress' in out.err
