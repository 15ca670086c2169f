"""Files that would break a reader, or lead it out of the folder of the pictures."""

import json

import pytest

from fashion_mmpose.errors import FormatError
from fashion_mmpose.formats.coco.columns import read_columns
from fashion_mmpose.formats.coco.images import read_images

CATEGORIES = [dict(id=9, name='skirt')]


def write(folder, name):
    image = dict(id=7, file_name=name, width=4, height=4)
    path = folder / 'train.json'
    path.write_text(json.dumps(dict(images=[image], categories=[])))
    return path


@pytest.mark.parametrize(
    'name, message',
    [
        ('/etc/passwd', 'image 7 names the picture .*is absolute; to fix it'),
        ('../a.jpg', "leads upwards by '..'"),
        ('a\0.jpg', 'control characters'),
    ],
)
def test_pictures_elsewhere_are_refused(tmp_path, name, message):
    with pytest.raises(FormatError, match=f'train.json: {message}|{message}'):
        read_columns(write(tmp_path, name), 'deepfashion2')


def test_absolute_paths_below_the_folder_of_the_pictures(tmp_path):
    path = write(tmp_path, '/photos/x/a.jpg')
    found = read_columns(path, 'deepfashion2', image_root='/photos')
    assert found.images.file_names == ['x/a.jpg']
    content = json.loads(path.read_text()) | dict(categories=CATEGORIES)
    path.write_text(json.dumps(content))
    assert read_images(path, image_root='/').paths == ('photos/x/a.jpg',)
    with pytest.raises(FormatError, match='absolute'):
        read_images(path)


IMAGE = b'{"images":[{"id":1,"width":4,"height":4,"file_name":"%s"}],"categories":[]}'


@pytest.mark.parametrize(
    'read', [lambda p: read_columns(p, 'deepfashion2'), read_images]
)
@pytest.mark.parametrize(
    'text, message',
    [
        (IMAGE % b'a\xff.jpg', '0xff, which is not UTF-8'),
        (b'[' * 100_000, 'nested too deeply|not a COCO file'),
        (b'{"other":' + b'[' * 100_000, 'nested too deeply'),
    ],
)
def test_what_breaks_a_reader_of_json_is_refused(tmp_path, read, text, message):
    path = tmp_path / 'train.json'
    path.write_bytes(text)
    with pytest.raises(FormatError, match=f'train.json.*({message})'):
        read(path)
