"""Truth that contradicts itself is scored as COCO's evaluation does, and told."""

import numpy as np
import pytest
from official_oks import (
    GARMENTS,
    SKIRT,
    VEST,
    annotation,
    coco_content,
    official_numbers,
    result,
    write,
)

from fashion_mmpose.cli.score.deepfashion2 import main
from fashion_mmpose.evaluation.functional.oks import score_files

BOX = [10, 20, 200, 300]


def points(category_id=SKIRT, shift=0.0):
    num = len(GARMENTS[category_id].channels)
    return np.column_stack((np.arange(num) * 20.0 + 20 + shift, np.full(num, 90.0)))


def truth(category_id=SKIRT, **changes):
    own = np.column_stack((points(category_id), np.full(len(points(category_id)), 2)))
    return annotation(1, category_id, BOX, own, **changes)


@pytest.fixture
def score(tmp_path):
    def of(items, results):
        content = coco_content([1, 2], items)
        path = write(tmp_path / 'truth.json', content)
        scored = score_files(path, write(tmp_path / 'results.json', results))
        np.testing.assert_allclose(
            list(scored.numbers.values()), official_numbers(content, results), atol=1e-9
        )
        return scored.numbers['AP'], [n.partition('.json: ')[2] for n in scored.notes]

    return of


NEAR, EXACT = result(1, SKIRT, 0.9, points(shift=2)), result(1, SKIRT, 0.9, points())


def test_sound_truth_has_no_notes(score):
    number, notes = score([truth(), truth(VEST)], [EXACT])
    assert number == pytest.approx(0.5) and notes == []


@pytest.mark.parametrize('found, ap', [(NEAR, 0), (EXACT, 1)], ids=['near', 'exact'])
def test_area_zero(score, found, ap):
    number, notes = score([truth(area=0)], [found])
    assert number == pytest.approx(ap)
    assert notes == [
        '1 of 1 garments have area 0 beside a box that has one: only exact key points '
        "match them, as in COCO's evaluation; to score them: write the box's area",
        'all garments are smaller than 1024 square pixels, so there is no number for '
        'medium and large ones',
    ]
    number, notes = score([truth(area=0), truth(VEST)], [found])
    assert len(notes) == 1 and notes[0].startswith('1 of 2 garments have area 0')


def test_no_key_points_by_their_number(score):
    number, notes = score([truth(num_keypoints=0), truth(iscrowd=1)], [EXACT])
    assert number == -1
    assert notes[0].startswith('1 of 2 garments have num_keypoints 0 beside labelled')
    assert notes[1] == (
        'the score is -1, since there is nothing to find: of 2 garments 1 have no key '
        'points by their num_keypoints, and 1 are crowds'
    )


def test_another_number_of_key_points(score):
    number, notes = score([truth(num_keypoints=3)], [EXACT])
    assert number == pytest.approx(1)
    assert notes == [
        '1 of 1 garments have another num_keypoints than labelled key points'
    ]


def test_truth_without_garments(score):
    number, notes = score([], [EXACT])
    assert number == -1
    assert notes == [
        'the score is -1, since there is nothing to find: the ground truth has no '
        'garment'
    ]


@pytest.mark.parametrize(
    'results, why',
    [
        ([], 'there are no predictions'),
        ([result(2, SKIRT, 0.9, points())], 'no prediction is of an image and a cat'),
        ([result(1, VEST, 0.9, points(VEST))], 'no prediction is of an image and a'),
        ([result(1, SKIRT, 0.9, points(shift=900))], None),
    ],
    ids=['none', 'another-image', 'another-category', 'far-off'],
)
def test_a_score_of_zero(score, results, why):
    number, notes = score([truth()], results)
    assert number == 0
    if why is None:
        assert notes == []
    else:
        (note,) = notes
        assert note.startswith(f'the score is 0, since {why}')


def test_the_command_names_the_file(tmp_path, capsys):
    content = coco_content([1], [truth(area=0)])
    paths = [
        str(write(tmp_path / name, value))
        for name, value in (('truth.json', content), ('results.json', [NEAR]))
    ]
    assert main(paths) == 0
    note = f'warning: {paths[0]}: 1 of 1 garments have area 0'
    assert capsys.readouterr().err.count(note) == 1
