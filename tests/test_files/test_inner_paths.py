"""Paths that a file names lead to places below a folder."""

import pytest

from fashion_mmpose.errors import FormatError
from fashion_mmpose.files.inner_paths import inner_path, path_fault


@pytest.mark.parametrize(
    'path', ['a.jpg', 'Images/blouse/a b.jpg', './a', 'a/..b', 'ä..jpg', '...']
)
def test_paths_below_a_folder(path):
    assert path_fault(path) == ''
    assert inner_path(path) == inner_path(path, '/data') == path


@pytest.mark.parametrize(
    'path, fault',
    [
        ('', 'is empty'),
        ('/etc/passwd', 'is absolute'),
        ('\\\\host\\a.jpg', 'is absolute'),
        ('C:\\a.jpg', 'is absolute'),
        ('../a.jpg', 'leads upwards'),
        ('a/../../b.jpg', 'leads upwards'),
        ('a\\..\\b.jpg', 'leads upwards'),
        ('..', 'leads upwards'),
        ('a\0.jpg', 'control characters'),
        ('a\n.jpg', 'control characters'),
    ],
)
def test_paths_elsewhere_are_refused(path, fault):
    assert fault in path_fault(path)
    with pytest.raises(FormatError, match=f'x.json: image 3.*{fault}.*to fix it'):
        inner_path(path, '/data', 'x.json: image 3')


def test_absolute_paths_below_the_folder_are_taken():
    assert inner_path('/data/photos/a.jpg', '/data') == 'photos/a.jpg'
    assert inner_path('/data/photos/a.jpg', '/') == 'data/photos/a.jpg'
    for path in ('/data', '/data2/a.jpg', '/data/../etc/passwd'):
        with pytest.raises(FormatError, match='--img-root'):
            inner_path(path, '/data')
