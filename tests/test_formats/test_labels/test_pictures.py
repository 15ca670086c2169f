"""The files of labelled pictures."""

import pytest

from fashion_mmpose.errors import FormatError
from fashion_mmpose.formats.labels.pictures import PictureFolder


@pytest.fixture
def folder(tmp_path):
    for path in ('1.png', 'a/1.png', 'b/1.png', 'b/2.png'):
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).touch()
    return PictureFolder(tmp_path)


@pytest.mark.parametrize(
    'names, path',
    [
        (['a/1.png'], 'a/1.png'),
        (['../pics/b/1.png', '1.png'], 'b/1.png'),
        # Below a folder of the tool's server, or of another machine.
        (['bucket/shop/a/1.png', '1.png'], 'a/1.png'),
        (['/home/me/b/1.png'], 'b/1.png'),
        (['bucket\\b\\1.png'], 'b/1.png'),
        (['data/upload/3/1.png', '1.png'], '1.png'),
        (['c/2.png'], 'b/2.png'),
    ],
)
def test_paths_and_their_ends(folder, names, path):
    assert folder.find('here', names) == path


def test_an_end_may_be_of_one_picture_only(folder):
    pictures = [['shop/a/1.png'], ['other/a/1.png'], ['a/1.png']]
    folder.expect(pictures[:1])
    folder.refuse_shared('here', pictures[0], 'a/1.png')
    folder.expect(pictures)
    folder.refuse_shared('here', pictures[2], 'a/1.png')
    for names in pictures[:2]:
        with pytest.raises(FormatError, match='both lead to .*a/1.png, though they'):
            folder.refuse_shared('here', names, 'a/1.png')
    with pytest.raises(FormatError, match='3 files below .* have its name: 1.png, a/1'):
        folder.find('here', ['c/1.png'])
