"""Human parsing maps in files, beside the pictures of drawn sets."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from folder_contents import contents
from toolbox import load_tool

from fashion_mmpose.garments import categories
from fashion_mmpose.synthetic import (
    draw_deepfashion2,
    draw_fashionai,
    fashionai,
    write_deepfashion2,
    write_fashionai,
    write_laid_flat,
)


@pytest.fixture(scope='module')
def main():
    return load_tool('make_synthetic.py').main


@pytest.fixture(scope='module')
def of_people(main, tmp_path_factory):
    folder = tmp_path_factory.mktemp('deepfashion2')
    argv = ['--format', 'deepfashion2', '--num', '3', '--seed', '4', '--parsing']
    assert main([*argv, '--workers', '1', '--out', str(folder)]) == 0
    return folder


@pytest.fixture(scope='module')
def of_garments(main, tmp_path_factory):
    folder = tmp_path_factory.mktemp('fashionai')
    argv = ['--category', 'all', '--num', '1', '--seed', '4', '--parsing']
    assert main([*argv, '--workers', '1', '--out', str(folder)]) == 0
    return folder


def read_map(path: Path) -> np.ndarray:
    found = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    assert found.ndim == 2 and found.dtype == np.uint8  # one channel in the file
    return found


def test_maps_of_deepfashion2_hold_what_was_drawn(of_people):
    names = {name for name in contents(of_people) if name.startswith('parsing/')}
    assert names == {f'parsing/{number:06d}.png' for number in (1, 2, 3)}
    for index in range(3):
        picture = draw_deepfashion2(4, index)
        found = read_map(of_people / f'parsing/{index + 1:06d}.png')
        np.testing.assert_array_equal(found, picture.parsing)
        assert found.max() > 0
        image = cv2.imread(str(of_people / f'image/{index + 1:06d}.jpg'))
        assert found.shape == image.shape[:2]


def test_maps_of_fashionai_hold_what_was_drawn(of_garments):
    assert len(contents(of_garments)) == 11
    for category in categories('fashionai'):
        (picture,) = (of_garments / 'Images' / category).iterdir()
        found = read_map(of_garments / 'Parsing' / category / f'{picture.stem}.png')
        drawing = draw_fashionai(category, 4, 0)
        np.testing.assert_array_equal(found, drawing.parsing)
        assert found.shape == cv2.imread(str(picture)).shape[:2]


def test_pictures_and_annotations_are_the_same_without_maps(
    of_people, of_garments, tmp_path
):
    write_deepfashion2(tmp_path / 'a', 3, seed=4)
    write_fashionai(tmp_path / 'b', categories('fashionai'), 1, seed=4)
    for with_maps, folder in ((of_people, 'a'), (of_garments, 'b')):
        rest = {
            name: data
            for name, data in contents(with_maps).items()
            if not name.lower().startswith('parsing/')
        }
        assert contents(tmp_path / folder) == rest


@pytest.mark.slow
def test_workers_do_not_change_the_bytes(tmp_path):
    for workers in (1, 2):
        folder = tmp_path / str(workers)
        options = dict(seed=2, workers=workers, parsing=True)
        write_deepfashion2(folder / 'deepfashion2', 9, **options)
        write_fashionai(folder / 'fashionai', ['dress', 'blouse'], 5, **options)
    first = contents(tmp_path / '1')
    assert first == contents(tmp_path / '2')
    assert sum(name.endswith('.png') for name in first) == 19


@pytest.mark.parametrize('parsing', [True, False])
def test_maps_of_deepfashion2_go_with_their_pictures(tmp_path, parsing):
    write_deepfashion2(tmp_path, 2, seed=1, parsing=True)
    (tmp_path / 'parsing/mine.png').write_text('mine')
    before = contents(tmp_path)
    options = dict(seed=2, overwrite=True, parsing=parsing)
    write_deepfashion2(tmp_path, 1, **options)
    after = contents(tmp_path)
    assert after['image/000001.jpg'] != before['image/000001.jpg']
    # The second picture stays, and so does its map.
    for name in ('image/000002.jpg', 'parsing/000002.png', 'parsing/mine.png'):
        assert after[name] == before[name]
    if parsing:
        found = read_map(tmp_path / 'parsing/000001.png')
        np.testing.assert_array_equal(found, draw_deepfashion2(2, 0).parsing)
    else:
        assert 'parsing/000001.png' not in after


@pytest.mark.parametrize('parsing', [True, False])
def test_maps_of_fashionai_go_with_their_pictures(tmp_path, parsing):
    """A release may draw another picture of the same name."""
    write_fashionai(tmp_path, ['skirt'], 2, seed=1, parsing=True)
    first, second = (
        tmp_path / fashionai.image_id('skirt', 1, index) for index in range(2)
    )
    maps = [
        tmp_path / 'Parsing/skirt' / f'{picture.stem}.png'
        for picture in (first, second)
    ]
    for path in maps:
        path.write_text('old')
    write_fashionai(tmp_path, ['skirt'], 1, seed=1, overwrite=True, parsing=parsing)
    assert maps[1].read_text() == 'old'
    assert maps[0].exists() == parsing
    if parsing:
        expected = draw_fashionai('skirt', 1, 0).parsing
        np.testing.assert_array_equal(read_map(maps[0]), expected)


@pytest.mark.parametrize(
    'argv, name',
    [
        pytest.param(
            ['--format', 'deepfashion2'], 'parsing/000002.png', id='deepfashion2'
        ),
        pytest.param(
            ['--category', 'skirt'],
            f'Parsing/skirt/{Path(fashionai.image_id("skirt", 0, 1)).stem}.png',
            id='fashionai',
        ),
        pytest.param(
            ['--laid-flat', '--category', 'skirt'], 'parsing/000002.png', id='laid flat'
        ),
    ],
)
def test_a_map_in_the_way_is_refused(main, tmp_path, capsys, argv, name):
    """It would stay beside a picture that it does not belong to."""
    place = tmp_path / name
    place.parent.mkdir(parents=True)
    place.write_text('old')
    argv = [*argv, '--num', '2', '--workers', '1', '--out', str(tmp_path)]
    # Maps are asked for or not; of garments on a table there are none.
    for options in ([], ['--parsing'])[: 1 if '--laid-flat' in argv else 2]:
        assert main([*argv, *options]) == 1
        error = capsys.readouterr().err
        assert f'{place} is there already' in error and 'pass --overwrite' in error
        assert contents(tmp_path) == {name: b'old'}


def test_garments_on_a_table_do_not_get_maps_of_people(tmp_path):
    for number in (1, 2):
        path = tmp_path / f'parsing/{number:06d}.png'
        path.parent.mkdir(exist_ok=True)
        path.write_text('old')
    write_laid_flat(tmp_path, 1, ['skirt'], overwrite=True)
    assert [path.name for path in (tmp_path / 'parsing').iterdir()] == ['000002.png']


def test_maps_stay_when_drawing_fails(tmp_path, monkeypatch):
    write_fashionai(tmp_path, ['skirt'], 1, parsing=True)
    before = contents(tmp_path)

    def fail(*args):
        raise RuntimeError('no more paint')

    monkeypatch.setattr(fashionai, 'sample_background', fail)
    with pytest.raises(RuntimeError, match='no more paint'):
        write_fashionai(tmp_path, ['skirt'], 1, overwrite=True)
    assert contents(tmp_path) == before


def test_no_maps_of_garments_laid_flat(main, tmp_path, capsys):
    argv = ['--laid-flat', '--parsing', '--num', '1', '--out', str(tmp_path)]
    with pytest.raises(SystemExit) as stop:
        main(argv)
    assert stop.value.code == 2
    error = ' '.join(capsys.readouterr().err.split())
    assert '--parsing writes maps of people and what they wear' in error
    assert 'leave one of them out' in error
    assert list(tmp_path.iterdir()) == []
