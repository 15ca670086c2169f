import shutil

import pytest

from fashion_mmpose.synthetic.together import drawn_together, map_of, mapped


@pytest.mark.parametrize(
    'picture, expected',
    [
        pytest.param('image/000001.jpg', 'parsing/000001.png', id='deepfashion2'),
        pytest.param(
            'Images/blouse/0a.jpg', 'Parsing/blouse/0a.png', id='fashionai, by category'
        ),
    ],
)
def test_map_of(tmp_path, picture, expected):
    assert map_of(picture) == expected
    assert mapped(tmp_path, [picture]) == []
    place = tmp_path / expected
    place.parent.mkdir(parents=True)
    place.symlink_to(tmp_path / 'missing')  # a link is in the way, too
    assert mapped(tmp_path, [picture, picture.replace('0', '1')]) == [place]


def test_pictures_come_first_then_maps_then_annotations(tmp_path, monkeypatch):
    moved = []

    def move(path, place):
        # An old map never stays beside a new picture.
        assert not (tmp_path / 'parsing/1.png').exists() or path.suffix != '.jpg'
        moved.append(place.relative_to(tmp_path).as_posix())
        shutil.copy(path, place)

    old = tmp_path / 'parsing/1.png'
    old.parent.mkdir()
    old.write_text('old')
    with drawn_together(tmp_path, [old]) as folder:
        for name in ('annos/1.json', 'parsing/1.png', 'image/1.jpg', 'lengths.csv'):
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_text('new')
        monkeypatch.setattr('fashion_mmpose.synthetic.together.shutil.move', move)
    assert moved[:2] == ['image/1.jpg', 'parsing/1.png']
    assert set(moved[2:]) == {'annos/1.json', 'lengths.csv'}
    assert old.read_text() == 'new'
