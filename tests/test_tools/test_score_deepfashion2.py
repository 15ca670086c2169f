"""The score of an official result file from the command line."""

import json

import numpy as np
import pytest
from official_oks import GARMENTS, RandomGarments, official_numbers, write
from toolbox import load_tool, tool

from fashion_mmpose.evaluation.functional.oks import NUMBERS

main = load_tool('score_deepfashion2.py').main


@pytest.fixture
def files(tmp_path):
    case = RandomGarments(2, num_images=5)
    write(tmp_path / 'truth.json', case.truth)
    write(tmp_path / 'found.json', case.results)
    return tmp_path, case


def score(folder, *options):
    out = folder / 'score.json'
    arguments = [folder / 'truth.json', folder / 'found.json', '--json', out, *options]
    assert main([str(argument) for argument in arguments]) == 0
    return json.loads(out.read_text())


def test_as_a_user(files):
    folder, case = files
    done = tool(
        'score_deepfashion2.py',
        *('truth.json', 'found.json', '--json', 'score.json'),
        cwd=folder,
    )
    content = json.loads((folder / 'score.json').read_text())
    expected = official_numbers(case.truth, case.results)
    assert list(content) == [*NUMBERS, 'per_category']
    np.testing.assert_allclose([content[n] for n in NUMBERS], expected, atol=1e-9)
    lines = done.stdout.splitlines()
    assert lines[0].split() == ['AP', f'{expected[0]:.6f}']
    assert lines[9].split() == ['AR(L)', f'{expected[9]:.6f}']
    (last,) = (line for line in lines if line.startswith('| all'))
    values = last.replace('|', ' ').split()[2:]
    assert values == [f'{value:.3f}' if value >= 0 else '-' for value in expected]
    assert len(content['per_category']) == 13
    vest = content['per_category']['vest']
    assert list(vest) == ['num_garments', *NUMBERS]
    labelled = [
        item['category_id'] == 5 and item['num_keypoints'] and not item['iscrowd']
        for item in case.truth['annotations']
    ]
    assert vest['num_garments'] == sum(map(bool, labelled))
    assert vest['AP'] == pytest.approx(official_numbers(case.truth, case.results, 5)[0])
    shorts = content['per_category']['shorts']
    assert shorts == dict.fromkeys(NUMBERS, -1) | dict(num_garments=0)


def test_visible_only(files):
    folder, case = files
    for item in case.truth['annotations']:
        slots = np.reshape(item['keypoints'], (294, 3))
        slots[slots[:, 2] == 1] = 0
        item['keypoints'] = slots.ravel().tolist()
        item['num_keypoints'] = int((slots[:, 2] > 0).sum())
    visible = score(folder, '--visible-only')
    expected = official_numbers(case.truth, case.results)
    np.testing.assert_allclose([visible[n] for n in NUMBERS], expected, atol=1e-9)
    assert visible['AP'] != score(folder)['AP']


def test_own_points_only(files):
    """Entries of a category's own landmarks, which no other tool reads."""
    folder, case = files
    for entry in case.results:
        own = list(GARMENTS[entry['category_id']].channels)
        slots = np.reshape(entry['keypoints'], (294, 3))
        entry['keypoints'] = slots[own].ravel().tolist()
    before = score(folder)
    write(folder / 'found.json', case.results)
    assert score(folder) == before


def test_the_benchmarks_example(fashion_data, capsys):
    """Its pictures are not those of the 32 annotated ones."""
    folder = fashion_data / 'deepfashion2'
    paths = (
        folder / 'train-coco_style-32.json',
        folder / 'example_keypoint_results.json',
    )
    assert main([str(path) for path in paths]) == 1
    out = capsys.readouterr()
    assert out.out == ''
    assert out.err.startswith(f'error: {paths[1]}: 5 of 5 entries are of images that ')
    assert 'entry 0 is of image 1; give the annotations' in out.err


@pytest.mark.parametrize(
    'name, text, message',
    [
        pytest.param('found.json', '[{}]', 'found.json: entry 0: ', id='results'),
        pytest.param('truth.json', '{}', 'truth.json is not a COCO file', id='truth'),
        pytest.param('truth.json', None, 'truth.json does not exist', id='no truth'),
        pytest.param('found.json', None, 'found.json does not exist', id='no results'),
    ],
)
def test_bad_files(files, capsys, name, text, message):
    folder, _ = files
    (folder / name).unlink()
    if text is not None:
        (folder / name).write_text(text)
    out = folder / 'score.json'
    arguments = [folder / 'truth.json', folder / 'found.json', '--json', out]
    assert main([str(argument) for argument in arguments]) == 1
    captured = capsys.readouterr()
    assert captured.out == '' and captured.err.startswith('error: ')
    assert message in captured.err and captured.err.count('\n') == 1
    assert not out.exists()
