import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from folder_contents import contents
from toolbox import load_tool

from fashion_mmpose.formats.deepfashion2.raw import read_raw
from fashion_mmpose.garments import categories, garment
from fashion_mmpose.synthetic import deepfashion2, draw_deepfashion2, write_deepfashion2

RAW_NAMES = {
    'short_sleeved_shirt': 'short sleeve top',
    'long_sleeved_outwear': 'long sleeve outwear',
    'vest': 'vest',
    'trousers': 'trousers',
    'sling_dress': 'sling dress',
}
ITEM_FIELDS = {
    'category_id',
    'category_name',
    'style',
    'bounding_box',
    'landmarks',
    'segmentation',
    'scale',
    'occlusion',
    'zoom_in',
    'viewpoint',
}


@pytest.fixture(scope='module')
def main():
    return load_tool('make_synthetic.py').main


@pytest.fixture(scope='module')
def balanced(main, tmp_path_factory):
    folder = tmp_path_factory.mktemp('balanced')
    argv = ['--format', 'deepfashion2', '--num', '13', '--balanced', '--seed', '4']
    assert main([*argv, '--workers', '1', '--out', str(folder)]) == 0
    return folder


def raw(folder: Path, number: int) -> dict:
    return json.loads((folder / 'annos' / f'{number:06d}.json').read_text())


def items_of(annotation: dict) -> list[dict]:
    keys = [key for key in annotation if key not in ('source', 'pair_id')]
    assert keys == [f'item{i}' for i in range(1, len(keys) + 1)]
    return [annotation[key] for key in keys]


@pytest.mark.slow
def test_layout(balanced):
    numbers = [f'{number:06d}' for number in range(1, 14)]
    expected = [f'annos/{n}.json' for n in numbers] + [
        f'image/{n}.jpg' for n in numbers
    ]
    assert sorted(contents(balanced)) == expected
    assert sorted(p.name for p in balanced.iterdir()) == ['annos', 'image']


def test_balanced_set_shows_every_category_in_turn(balanced):
    for number, category in enumerate(categories('deepfashion2'), 1):
        ids = [item['category_id'] for item in items_of(raw(balanced, number))]
        assert garment('deepfashion2', category).category_id in ids


def test_annotation_has_the_form_of_the_benchmark(balanced):
    for number in range(1, 14):
        annotation = raw(balanced, number)
        assert annotation['source'] in ('shop', 'user')
        assert annotation['pair_id'] == number
        for item in items_of(annotation):
            assert set(item) == ITEM_FIELDS
            names = categories('deepfashion2')
            spec = garment('deepfashion2', names[item['category_id'] - 1])
            expected = RAW_NAMES.get(spec.name, item['category_name'])
            assert item['category_name'] == expected
            assert len(item['landmarks']) == 3 * len(spec.keypoints)
            x1, y1, x2, y2 = item['bounding_box']
            assert x1 < x2 and y1 < y2
            numbers = [*item['landmarks'], *item['bounding_box']]
            numbers += [n for outline in item['segmentation'] for n in outline]
            assert all(type(n) is int for n in numbers)
            assert all(
                len(outline) >= 6 and len(outline) % 2 == 0
                for outline in item['segmentation']
            )


def test_annotations_pass_the_converter_s_checks(balanced):
    for number in range(1, 14):
        path = balanced / 'annos' / f'{number:06d}.json'
        checked = read_raw(path)
        assert checked.pair_id == number
        assert len(checked.items) == len(items_of(raw(balanced, number)))


def test_files_hold_what_was_drawn(balanced):
    category = categories('deepfashion2')[2]
    picture = draw_deepfashion2(4, 2, category)
    annotation = raw(balanced, 3)
    assert annotation['source'] == picture.source
    assert [
        (item['category_id'], item['landmarks'], item['bounding_box'], item['style'])
        for item in items_of(annotation)
    ] == [
        (
            garment('deepfashion2', item.category).category_id,
            item.landmarks.ravel().tolist(),
            item.box.tolist(),
            item.style,
        )
        for item in picture.items
    ]
    image = cv2.imread(str(balanced / 'image' / '000003.jpg'))
    assert image.shape == picture.image.shape
    difference = np.abs(image.astype(int) - picture.image)
    assert 0 < difference.mean() < 8  # the noise of JPEG


@pytest.mark.slow
def test_workers_do_not_change_the_bytes(tmp_path):
    first, num_garments = write_deepfashion2(tmp_path / 'a', 9, seed=2, workers=1)
    second, again = write_deepfashion2(tmp_path / 'b', 9, seed=2, workers=2)
    assert contents(first.parent) == contents(second.parent)
    assert len(contents(first.parent)) == 18
    assert num_garments == again
    numbers = range(1, 10)
    assert num_garments == sum(len(items_of(raw(first.parent, n))) for n in numbers)


@pytest.mark.slow
def test_more_pictures_keep_the_first_ones(tmp_path):
    few, _ = write_deepfashion2(tmp_path / 'a', 1, seed=1, category='skirt')
    many, _ = write_deepfashion2(tmp_path / 'b', 2, seed=1, category='skirt')
    assert contents(few.parent).items() <= contents(many.parent).items()
    assert contents(few.parent)['annos/000001.json']


@pytest.mark.slow
def test_existing_annotations_are_kept_unless_told(main, tmp_path, capsys):
    argv = ['--format', 'deepfashion2', '--workers', '1', '--out', str(tmp_path)]
    assert main([*argv, '--num', '2']) == 0
    (tmp_path / 'annos' / 'notes.txt').write_text('mine')
    before = contents(tmp_path)
    capsys.readouterr()
    assert main([*argv, '--num', '1']) == 1
    assert contents(tmp_path) == before
    error = capsys.readouterr().err.strip().splitlines()[-1]
    assert error.startswith('error: ') and error.endswith('--overwrite')
    assert '2 annotations, such as 000001.json' in error
    assert main([*argv, '--num', '1', '--seed', '9', '--overwrite']) == 0
    names = sorted(p.name for p in (tmp_path / 'annos').iterdir())
    assert names == ['000001.json', 'notes.txt']
    assert contents(tmp_path)['annos/000001.json'] != before['annos/000001.json']


def test_pictures_of_others_are_kept_unless_told(main, tmp_path, capsys):
    """The benchmark's test set has pictures of these names, and no annotations."""
    picture = tmp_path / 'image' / '000002.jpg'
    picture.parent.mkdir()
    picture.write_text('real')
    argv = ['--format', 'deepfashion2', '--workers', '1', '--out', str(tmp_path)]
    assert main([*argv, '--num', '2']) == 1
    assert f'{picture} is there already' in capsys.readouterr().err
    assert contents(tmp_path) == {'image/000002.jpg': b'real'}
    assert main([*argv, '--num', '1']) == 0
    assert picture.read_text() == 'real'
    assert main([*argv, '--num', '2', '--overwrite']) == 0
    assert picture.read_bytes()[:2] == b'\xff\xd8'  # JPEG


@pytest.mark.parametrize('is_first', [True, False])
def test_nothing_is_changed_when_drawing_fails(tmp_path, monkeypatch, is_first):
    if not is_first:
        write_deepfashion2(tmp_path, 2)
    before = contents(tmp_path)
    # What a run that was killed has left.
    (tmp_path / '.drawing' / 'annos').mkdir(parents=True)
    (tmp_path / '.drawing' / 'annos' / '000009.json').write_text('half')
    real = deepfashion2.sample_background
    calls = []

    def fail(*args):
        calls.append(args)
        if len(calls) > 1:
            raise RuntimeError('no more paint')
        return real(*args)

    monkeypatch.setattr(deepfashion2, 'sample_background', fail)
    with pytest.raises(RuntimeError, match='no more paint'):
        write_deepfashion2(tmp_path, 4, seed=1, overwrite=True)
    assert contents(tmp_path) == before
    assert not (tmp_path / '.drawing').exists()
    monkeypatch.setattr(deepfashion2, 'sample_background', real)
    write_deepfashion2(tmp_path, 1, seed=1, overwrite=not is_first)
    kept = set(before) - {'annos/000002.json'}
    assert set(contents(tmp_path)) == {'image/000001.jpg', 'annos/000001.json', *kept}
    assert not (tmp_path / '.drawing').exists()


def test_lengths_of_pictures_that_are_replaced_do_not_stay(tmp_path):
    names = 'lengths.csv', 'lengths.json', 'camera.json'
    for name in (*names, 'notes.csv'):
        (tmp_path / name).touch()
    with pytest.raises(FileExistsError, match='lengths.csv is there already'):
        write_deepfashion2(tmp_path, 1)
    write_deepfashion2(tmp_path, 1, overwrite=True)
    assert [path.name for path in tmp_path.glob('*.*')] == ['notes.csv']


@pytest.mark.parametrize(
    'option, value',
    [('--num', '0'), ('--num', '1000000'), ('--seed', '-1'), ('--workers', '0')],
)
def test_numbers_out_of_range(main, tmp_path, capsys, option, value):
    out = tmp_path / 'out'
    argv = ['--format', 'deepfashion2', '--num', '1', '--workers', '1']
    assert main([*argv, '--out', str(out), option, value]) == 1
    assert f'{option[2:]}={value}' in capsys.readouterr().err
    assert not out.exists()


@pytest.mark.slow
def test_nothing_else_is_worn(main, tmp_path):
    only = ['short_sleeved_shirt', 'shorts', 'skirt']
    argv = ['--format', 'deepfashion2', '--num', '12', '--balanced', '--only', *only]
    assert main([*argv, '--workers', '1', '--out', str(tmp_path)]) == 0
    ids = [garment('deepfashion2', category).category_id for category in only]
    for number in range(1, 13):
        shown = {item['category_id'] for item in items_of(raw(tmp_path, number))}
        assert ids[(number - 1) % 3] in shown
        assert shown <= set(ids)


def test_pictures_are_kept_if_others_cannot_be_drawn(tmp_path, monkeypatch):
    write_deepfashion2(tmp_path, 1)
    monkeypatch.setattr(deepfashion2, '_MOST_PEOPLE', 20)
    before = contents(tmp_path)
    for only, balanced in ((['trousers'], False), (['trouser'], True), ([], True)):
        with pytest.raises(ValueError, match='trouser|allow more'):
            write_deepfashion2(
                tmp_path, 1, overwrite=True, only=only, balanced=balanced
            )
    assert contents(tmp_path) == before


@pytest.mark.slow
def test_people_who_wear_three_garments_may_be_alone(monkeypatch):
    """Nobody who wears one of these alone is there to go with them."""
    only = ['long_sleeved_outwear', 'short_sleeved_shirt', 'trousers']
    monkeypatch.setattr(deepfashion2, '_MOST_PEOPLE', 60)
    together = [
        len(deepfashion2._sample_people(np.random.default_rng(seed), first, True, only))
        for seed in range(2)
        for first in (None, 'long_sleeved_outwear')
    ]
    assert {*together} == {1, 2}


@pytest.mark.slow
@pytest.mark.parametrize(
    'category, only, message',
    [
        ('vest', ['skirt', 'sling'], "'vest' is none of the worn skirt, sling"),
        (None, ['skirt'], 'wears a top or a dress and nothing but skirt; allow more'),
        ('skirt', ['skirts'], "'skirts'"),
    ],
    ids=['another', 'alone', 'unknown'],
)
def test_what_nobody_wears(tmp_path, monkeypatch, category, only, message):
    monkeypatch.setattr(deepfashion2, '_MOST_PEOPLE', 60)
    with pytest.raises(ValueError, match=message):
        write_deepfashion2(tmp_path / 'out', 1, category=category, only=only)
    assert not list(tmp_path.rglob('*.jp*g'))


def test_balanced_excludes_a_category(tmp_path):
    with pytest.raises(ValueError, match="does not go with category='vest'"):
        write_deepfashion2(tmp_path, 1, category='vest', balanced=True)


@pytest.mark.parametrize(
    'argv, message',
    [
        pytest.param(
            ['--format', 'deepfashion2', '--category', 'blouse'],
            "'blouse' is no deepfashion2 category; choose from short_sleeved_shirt,",
            id='category of the other benchmark',
        ),
        pytest.param(['--category', 'vest'], "'vest' is no fashionai", id='vest'),
        pytest.param(['--balanced'], '--balanced needs --format', id='fashionai'),
        pytest.param(
            ['--format', 'deepfashion2', '--balanced', '--category', 'vest'],
            'and no --category',
            id='balanced vests',
        ),
        pytest.param(['--only', 'vest'], '--only needs --format', id='only fashionai'),
    ],
)
def test_usage_errors(main, tmp_path, capsys, argv, message):
    with pytest.raises(SystemExit) as stop:
        main(['--num', '1', '--out', str(tmp_path), *argv])
    assert stop.value.code == 2
    assert message in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_no_picture_shows_the_category(monkeypatch):
    monkeypatch.setattr(deepfashion2, '_LEAST_PIXELS', 10**9)
    monkeypatch.setattr(deepfashion2, '_ATTEMPTS', 2)
    with pytest.raises(RuntimeError, match='seed 1, index 0: none of 2 pictures'):
        draw_deepfashion2(1, 0, 'skirt')
