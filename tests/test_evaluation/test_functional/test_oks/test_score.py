"""The ten numbers against pycocotools', and by hand."""

import json

import numpy as np
import pytest
from official_oks import (
    GARMENTS,
    SHIRT,
    SIGMAS,
    SKIRT,
    SLING_DRESS,
    VEST,
    RandomGarments,
    annotation,
    coco_content,
    official_numbers,
    result,
    write,
)

from fashion_mmpose.evaluation.functional.oks import NUMBERS, evaluate_oks, score_files
from fashion_mmpose.formats.coco.columns import read_columns
from fashion_mmpose.formats.deepfashion2.results import read_results

SKIRT_POINTS = np.array(
    [[10, 10], [30, 12], [50, 10], [5, 60], [0, 110], [30, 112], [60, 110], [55, 60]],
    float,
)


def skirt(image_id=1, shift=0.0, area=None, labels=2, **changes):
    """A skirt of 100x100 pixels, moved to the right."""
    points = np.column_stack((SKIRT_POINTS + (shift, 0), np.full(8, labels)))
    box = [shift, 10, 100, 100]
    changes.setdefault('area', 10_000 if area is None else area)
    return annotation(image_id, SKIRT, box, points * (labels > 0), **changes)


def found(shift=0.0, score=0.5, image_id=1):
    return result(image_id, SKIRT, score, SKIRT_POINTS + (shift, 0))


@pytest.fixture
def score(tmp_path):
    def of(truth, results, **kwargs):
        truth_file = write(tmp_path / 'truth.json', truth)
        result_file = write(tmp_path / 'results.json', results)
        return score_files(truth_file, result_file, **kwargs)

    return of


def assert_official(score, truth, results):
    numbers = list(score.numbers.values())
    assert list(score.numbers) == list(NUMBERS)
    np.testing.assert_allclose(numbers, official_numbers(truth, results), atol=1e-9)
    for category_id, garment in GARMENTS.items():
        np.testing.assert_allclose(
            list(score.per_category[garment.name].values()),
            official_numbers(truth, results, category_id),
            atol=1e-9,
        )


@pytest.mark.slow
@pytest.mark.parametrize('seed', range(6))
@pytest.mark.parametrize('ties', [False, True], ids=['any score', 'equal scores'])
def test_random_garments(score, seed, ties):
    case = RandomGarments(seed, num_images=3 + seed, ties=ties, junk=seed % 3 == 0)
    assert_official(score(case.truth, case.results), case.truth, case.results)


@pytest.mark.slow
def test_the_random_garments_show_every_case():
    """What the comparison is made for does occur in it."""
    cases = [RandomGarments(seed, num_images=3 + seed) for seed in range(6)]
    items = [item for case in cases for item in case.truth['annotations']]
    assert sum(item['iscrowd'] for item in items) > 5
    assert sum(item['num_keypoints'] == 0 for item in items) > 5
    areas = np.array([item['area'] for item in items])
    assert all(((areas < limit).sum() > 5) for limit in (32**2, 96**2))
    groups = [
        (i, r['image_id'], r['category_id'])
        for i, case in enumerate(cases)
        for r in case.results
    ]
    assert max(groups.count(group) for group in groups) > 20
    assert any(r['category_id'] == SLING_DRESS for c in cases for r in c.results)
    values = [official_numbers(case.truth, case.results)[0] for case in cases]
    assert all(0.01 < value < 0.99 for value in values)


@pytest.mark.parametrize(
    'truth, results',
    [
        pytest.param([skirt()], [], id='nothing found'),
        pytest.param([], [found()], id='nothing to find'),
        pytest.param([skirt(iscrowd=1)], [found(), found(20)], id='crowd only'),
        pytest.param(
            [skirt(iscrowd=1), skirt(shift=60)],
            [found(1, 0.9), found(2, 0.8), found(61, 0.7)],
            id='crowd beside a garment',
        ),
        pytest.param([skirt(num_keypoints=0)], [found()], id='counted as unlabelled'),
        pytest.param(
            [skirt(labels=0), skirt(labels=0, num_keypoints=8)],
            [found(), found(400)],
            id='no labelled points',
        ),
        pytest.param(
            [skirt(), skirt(shift=2)],
            [found(1, 0.9), found(1, 0.9), found(2, 0.9)],
            id='two garments in one place',
        ),
        pytest.param(
            [skirt(), skirt(shift=16)],
            [found(8, 0.9), found(20, 0.8)],
            id='as close to one as to the other',
        ),
        pytest.param(
            [skirt(), skirt(image_id=2)],
            [found(i, 0.5 + i / 100) for i in range(30)]
            + [found(0, 0.4), found(0, 0.1, image_id=2)],
            id='the best is the 31st',
        ),
        pytest.param(
            [skirt(area=1000), skirt(image_id=2, area=1024)],
            [found(), found(3, image_id=2)],
            id='small and just medium',
        ),
        pytest.param(
            [skirt(area=9216), skirt(image_id=2, area=9217)],
            [found(4), found(9, image_id=2)],
            id='medium and large',
        ),
        pytest.param(
            [skirt()],
            [found() | dict(bbox=[0, 0, 50, 50]), found(900) | dict(bbox=[0, 0, 9, 9])],
            id='sizes from boxes',
        ),
        pytest.param(
            [skirt(), annotation(1, VEST, [0, 0, 90, 90], np.full((15, 3), 2))],
            [found(), result(1, SHIRT, 0.7, np.full((25, 2), 2.0))],
            id='other categories',
        ),
    ],
)
def test_edge_cases(score, truth, results):
    content = coco_content([1, 2, 3], truth)
    assert_official(score(content, results), content, results)


def test_real_annotations(tmp_path, fashion_data):
    path = fashion_data / 'deepfashion2' / 'train-coco_style-32.json'
    truth = json.loads(path.read_text())
    rng = np.random.default_rng(0)
    results = []
    for item in truth['annotations']:
        channels = list(GARMENTS[item['category_id']].channels)
        points = np.reshape(item['keypoints'], (-1, 3))[channels, :2]
        # A labelled point in place of those that are not labelled.
        points[points[:, 0] == 0] = points.max(axis=0)
        points += rng.choice([1, 3, 9]) * rng.normal(size=points.shape)
        results.append(
            result(item['image_id'], item['category_id'], rng.random(), points)
        )
    expected = official_numbers(truth, results)
    assert 0.2 < expected[0] < 0.9
    numbers = score_files(path, write(tmp_path / 'results.json', results)).numbers
    np.testing.assert_allclose(list(numbers.values()), expected, atol=1e-9)


def test_similarity_by_hand(score):
    """A skirt whose only labelled point is found 5 pixels off."""
    points = np.zeros((8, 3))
    points[3] = 40, 50, 1
    truth = coco_content([1], [annotation(1, SKIRT, [0, 0, 100, 100], points)])
    sigma = SIGMAS[GARMENTS[SKIRT].channels[3]]
    similarity = np.exp(-25 / (2 * 10_000 * (2 * sigma) ** 2))
    assert 0.85 < similarity < 0.9
    place = points[:, :2].copy()
    place[3] += 3, 4
    numbers = score(truth, [result(1, SKIRT, 0.5, place)]).numbers
    # It is found at the 8 thresholds up to 0.85.
    assert numbers['AP'] == pytest.approx(0.8)
    assert numbers['AR'] == pytest.approx(0.8)
    assert numbers['AP.5'] == numbers['AP.75'] == pytest.approx(1)
    assert numbers['AP(M)'] == -1 and numbers['AP(L)'] == pytest.approx(0.8)


def test_macro_average(score):
    """Two of three skirts, and no vest: every category counts alike."""
    vest = annotation(1, VEST, [0, 0, 90, 90], np.full((15, 3), 2))
    truth = coco_content([1, 2, 3], [skirt(1), skirt(2), skirt(3), vest])
    scored = score(truth, [found(image_id=1), found(image_id=3, score=0.1)])
    assert scored.num_garments['skirt'] == 3 and scored.num_garments['vest'] == 1
    assert scored.num_garments['shorts'] == 0
    skirts = scored.per_category['skirt']
    # 67 of the 101 recalls are at most 2/3.
    assert skirts['AP'] == pytest.approx(67 / 101)
    assert skirts['AR'] == pytest.approx(2 / 3)
    assert scored.per_category['vest']['AP'] == 0
    assert set(scored.per_category['shorts'].values()) == {-1}
    assert scored.numbers['AP'] == pytest.approx(67 / 101 / 2)
    assert scored.numbers['AR'] == pytest.approx(1 / 3)
    assert list(scored.per_category) == [g.name for g in GARMENTS.values()]


def test_chosen_categories(tmp_path):
    case = RandomGarments(3)
    truth = read_columns(
        write(tmp_path / 'truth.json', case.truth), 'deepfashion2', None, np.float64
    )
    results = read_results(write(tmp_path / 'results.json', case.results))
    whole = evaluate_oks(truth, results)
    part = evaluate_oks(truth, results, categories=['skirt', 'vest'])
    assert list(part.per_category) == ['vest', 'skirt']
    for name in ('vest', 'skirt'):
        assert part.per_category[name] == whole.per_category[name]
    expected = np.mean([whole.per_category[name]['AP'] for name in ('vest', 'skirt')])
    assert part.numbers['AP'] == pytest.approx(expected)


def test_without_occluded(score):
    """Of the occluded points, which are far off, nothing counts."""
    item = skirt()
    slots = np.reshape(item['keypoints'], (-1, 3))
    occluded = GARMENTS[SKIRT].channels[0]
    slots[occluded] = 900, 900, 1
    item['keypoints'] = slots.ravel().tolist()
    truth = coco_content([1], [item, skirt(labels=1)])
    every = score(truth, [found()])
    assert every.num_garments['skirt'] == 2
    visible = score(truth, [found()], without_occluded=True)
    # One has no visible point and is ignored, the other is met exactly.
    assert visible.num_garments['skirt'] == 1
    assert visible.numbers['AP'] == pytest.approx(1)
    assert every.numbers['AP'] < 0.6


def test_unknown_images(score, tmp_path):
    results = [found(), found(image_id=7), found(image_id=8)]
    message = r'results\.json: 2 of 3 entries are of images that .*truth\.json does '
    with pytest.raises(ValueError, match=message + 'not list: entry 1 is of image 7'):
        score(coco_content([1], [skirt()]), results)
    truth = read_columns(tmp_path / 'truth.json', 'deepfashion2', None, np.float64)
    with pytest.raises(ValueError, match='2 of 3 detections .* such as image 7'):
        evaluate_oks(truth, read_results(tmp_path / 'results.json'))
