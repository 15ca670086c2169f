"""Sets of garments laid flat, with their true lengths."""

import csv
import json
from dataclasses import replace

import cv2
import numpy as np
import pytest

from fashion_mmpose import garments
from fashion_mmpose.formats.deepfashion2.raw import read_raw
from fashion_mmpose.measure import (
    Board,
    Marker,
    find_scale,
    measure,
    read_lens,
    sheet,
)
from fashion_mmpose.synthetic import draw_laid_flat, write_laid_flat
from fashion_mmpose.synthetic.flat import files

PAPER = sheet('a4')


@pytest.fixture(scope='module')
def drawn(tmp_path_factory):
    folder = tmp_path_factory.mktemp('flat')
    return folder, write_laid_flat(folder, 1, ['skirt', 'vest'], PAPER, 2, seed=4)


def rows_of(path):
    with open(path, newline='') as file:
        return list(csv.DictReader(file))


def test_lengths_are_those_of_the_picture(drawn):
    folder, written = drawn
    assert written.num_pictures == 2
    rows = rows_of(written.lengths)
    assert json.loads(written.lengths.with_suffix('.json').read_text())[0][
        'value'
    ] == float(rows[0]['value'])
    lens = read_lens(written.camera)
    for number, category in enumerate(('skirt', 'vest'), 1):
        (item,) = read_raw(folder / f'annos/{number:06d}.json').items
        kind = garments.category_of_id('deepfashion2', item.category_id)
        assert kind.name == category
        points = np.reshape(item.landmarks, (-1, 3))
        image = cv2.imread(str(folder / f'image/{number:06d}.jpg'))
        # By the sheet in the picture and the camera's lens.
        scale = find_scale(image, PAPER, lens)
        found = {m.name: m.value for m in measure(points[:, :2], kind, scale)}
        own = [row for row in rows if row['image'] == f'{number:06d}.jpg']
        assert {row['unit'] for row in own} == {'cm'}
        assert {row['category'] for row in own} == {category}
        true = {row['measurement']: float(row['value']) for row in own}
        assert true.keys() == found.keys()
        off = [abs(found[name] / length - 1) for name, length in true.items()]
        assert np.median(off) < 0.01


def test_the_annotations_are_trained_with(drawn):
    folder, _ = drawn
    for number in (1, 2):
        (item,) = read_raw(folder / f'annos/{number:06d}.json').items
        x1, y1, x2, y2 = item.bounding_box
        points = np.reshape(item.landmarks, (-1, 3))
        assert (points[:, :2] >= (x1 - 1, y1 - 1)).all()
        assert (points[:, :2] <= (x2 + 1, y2 + 1)).all()
        outline = np.reshape(item.segmentation[0], (-1, 2))
        assert (outline >= (x1 - 0.01, y1 - 0.01)).all()
        assert item.viewpoint == 1 and item.zoom_in == 1


def test_levels_are_those_of_the_other_drawings():
    drawn = draw_laid_flat('short_sleeved_dress', seed=3, index=0)
    height, width = drawn.image.shape[:2]
    x1, y1, x2, y2 = drawn.box
    # Small is less than a tenth of the picture, and large two fifths or more.
    for share, scale in ((0.09, 1), (0.11, 2), (0.39, 2), (0.41, 3)):
        factor = np.sqrt(share * width * height / ((x2 - x1) * (y2 - y1)))
        item = files.raw_item(replace(drawn, box=drawn.box * factor))
        assert (item.scale, item.zoom_in) == (scale, 1)
    # Occlusion is slight up to a fifth of the landmarks, and heavy from a half on.
    count = len(drawn.visible)
    for hidden, occlusion in ((1, 1), (count // 4, 2), (count // 2 + 1, 3)):
        visible = np.arange(count) >= hidden
        assert files.raw_item(replace(drawn, visible=visible)).occlusion == occlusion


def test_boards_are_of_the_same_camera(drawn):
    folder, written = drawn
    assert sorted(path.name for path in (folder / 'boards').iterdir()) == [
        *('01.jpg', '02.jpg')
    ]
    size = json.loads(written.camera.read_text())['size']
    assert size == [1600, 1200]
    assert cv2.imread(str(folder / 'boards/02.jpg')).shape == (1200, 1600, 3)


def test_what_is_there_is_not_replaced_unasked(drawn):
    folder, written = drawn
    before = written.lengths.read_bytes(), (folder / 'image/000001.jpg').read_bytes()
    with pytest.raises(FileExistsError, match='there already'):
        write_laid_flat(folder, 1, ['skirt'], PAPER, seed=4)
    # The same again, and in two processes.
    write_laid_flat(
        folder, 1, ['skirt', 'vest'], PAPER, seed=4, overwrite=True, workers=2
    )
    assert before == (
        written.lengths.read_bytes(),
        (folder / 'image/000001.jpg').read_bytes(),
    )


def test_annotations_of_others_are_not_replaced_unasked(tmp_path):
    """The benchmark's own sets have their files in the same places."""
    for name in ('image/000001.jpg', 'annos/000001.json'):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text('real')
    with pytest.raises(FileExistsError, match=r'000001\.json is there already'):
        write_laid_flat(tmp_path, 1, ['skirt'])
    for wrong, message in (
        (dict(names=['hat']), 'hat'),
        (dict(seed=-1), 'seed=-1'),
        (dict(target=Marker(5, 'foo')), "'foo' is no dictionary"),
        (dict(target=Board(40, 30, 4, 3)), 'has 600 markers'),
    ):
        with pytest.raises(ValueError, match=message):
            write_laid_flat(tmp_path, 1, overwrite=True, **wrong)
    for name in ('image/000001.jpg', 'annos/000001.json'):
        assert (tmp_path / name).read_text() == 'real'


def test_pictures_of_others_are_not_replaced_unasked(tmp_path):
    picture = tmp_path / 'image' / '000001.jpg'
    picture.parent.mkdir()
    picture.write_text('real')
    with pytest.raises(FileExistsError, match=r'000001\.jpg is there already'):
        write_laid_flat(tmp_path, 1, ['skirt'])
    assert picture.read_text() == 'real'


def test_a_run_that_ends_on_the_way_changes_nothing(tmp_path, monkeypatch):
    names = ('lengths.csv', 'lengths.json', 'camera.json', 'image/000001.jpg')
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text('old')

    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(files, 'draw_laid_flat', stop)
    with pytest.raises(KeyboardInterrupt):
        write_laid_flat(tmp_path, 1, ['skirt'], overwrite=True)
    assert {path.name for path in tmp_path.iterdir()} == {*names[:3], 'image'}
    assert all((tmp_path / name).read_text() == 'old' for name in names)


@pytest.mark.slow
def test_nothing_of_another_camera_is_left(tmp_path):
    """But for pictures, which say nothing that is wrong; others' files stay."""
    write_laid_flat(tmp_path, 2, ['skirt'], num_boards=2, seed=4)
    others = ['annos/1.json', 'annos/000002.txt', 'boards/my.jpg', 'boards/012.jpg']
    for name in others:
        (tmp_path / name).write_text('mine')
    (tmp_path / 'annos/000003.json').mkdir()
    (tmp_path / 'boards/100.jpg').write_bytes(b'')
    # Where it is refused, nothing is removed.
    with pytest.raises(FileExistsError):
        write_laid_flat(tmp_path, 1, ['vest'], seed=5)
    assert (tmp_path / 'annos/000002.json').exists()
    write_laid_flat(tmp_path, 1, ['vest'], seed=5, overwrite=True)
    left = {
        path.relative_to(tmp_path).as_posix()
        for folder in ('annos', 'boards', 'image')
        for path in (tmp_path / folder).iterdir()
    }
    assert left == {
        *others,
        *('annos/000001.json', 'annos/000003.json'),
        *('image/000001.jpg', 'image/000002.jpg'),
    }
    (item,) = read_raw(tmp_path / 'annos/000001.json').items
    assert garments.category_of_id('deepfashion2', item.category_id).name == 'vest'


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        (dict(num=0), 'num=0'),
        (dict(num=1, num_boards=-1), 'num_boards=-1'),
        (dict(num=1, workers=0), 'workers=0'),
        (dict(num=1, names=['hat']), 'unknown deepfashion2 category'),
    ],
)
def test_wrong_numbers_and_names(tmp_path, changes, message):
    with pytest.raises(ValueError, match=message):
        write_laid_flat(tmp_path / 'a', **changes)
    assert not (tmp_path / 'a' / 'lengths.csv').exists()
