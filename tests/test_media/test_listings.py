"""Pictures that lists and tables name."""

import os

import pytest
from coarse_pictures import pictures

from fashion_mmpose.errors import FormatError
from fashion_mmpose.files.pictures.pixels import write_picture
from fashion_mmpose.media.listings import Listing
from fashion_mmpose.media.reading import load_pictures
from fashion_mmpose.media.sources import find_sources


@pytest.fixture
def shop(tmp_path):
    """A folder with two pictures in ``shop/``."""
    for name, image in zip(('a.png', 'sub/b.png'), pictures([(40, 32), (32, 40)])):
        write_picture(tmp_path / 'shop' / name, image)
    return tmp_path


def read(path, **options):
    """Name and error, or size, of what a list names."""
    sources = find_sources(path, listing=Listing(**options))
    loaded = list(load_pictures(sources))
    return [
        (each.source.name, each.error or each.pixels.shape[:2][::-1]) for each in loaded
    ]


BOTH = [('a.png', (40, 32)), ('sub/b.png', (32, 40))]


def test_a_text(shop):
    path = shop / 'shop' / 'list.txt'
    path.write_bytes(b'\xef\xbb\xbfa.png\r\n\r\n./sub/../sub/b.png')
    assert read(path) == BOTH
    # The same from elsewhere, and by a pattern.
    (shop / 'list.lst').write_text('a.png\nsub/b.png\n')
    assert read(shop / 'list.lst', root=str(shop / 'shop')) == BOTH
    assert read(str(shop / '*.lst'), root=str(shop / 'shop')) == BOTH


@pytest.mark.skipif(os.sep == '\\', reason='backslashes are parts of no name')
def test_paths_of_windows(shop):
    path = shop / 'list.txt'
    path.write_text('shop\\a.png\n.\\shop\\sub\\b.png\nshop\\none.png\n')
    first, second, (name, missing) = read(path)
    assert [first, second] == [(f'shop/{name}', size) for name, size in BOTH]
    assert name == 'shop\\none.png'
    assert f'{shop}/shop\\none.png: No such file or directory' in missing
    # Here, a file may be called so.
    (shop / 'shop\\a.png').write_bytes((shop / 'shop/sub/b.png').read_bytes())
    assert read(path)[0] == ('shop\\a.png', (32, 40))


def test_absolute_paths_and_those_that_are_not_there(shop):
    path = shop / 'list.txt'
    path.write_text(f'{shop}/shop/a.png\nnone.png\na\tb.png\n')
    (name, size), (_, missing), (_, odd) = read(path)
    assert (name, size) == (f'{shop}/shop/a.png', (40, 32))
    assert (
        missing
        == f'{shop}/none.png: No such file or directory (named in {path}, line 2)'
    )
    assert odd == f"{path}, line 3: 'a\\tb.png' has control characters"


def test_names_of_all_languages(shop):
    # As macOS calls pictures of its screen, and as Japanese and emoji have it.
    names = ['3.00\u202fPM.png', 'a\u3000b.png', '\U0001f469\u200d\U0001f9b0.png']
    for name in names:
        (shop / 'shop' / name).write_bytes((shop / 'shop/a.png').read_bytes())
    path = shop / 'shop' / 'list.txt'
    path.write_text('\n'.join(names))
    assert read(path) == [(name, (40, 32)) for name in names]


@pytest.mark.parametrize(
    'name, text',
    [
        ('t.csv', 'id,file_name\n1,a.png\n2,"sub/b.png"\n'),
        ('t.csv', '\ufeffpath\na.png\n\nsub/b.png\n'),
        ('t.csv', 'id;image\n1;a.png\n2;sub/b.png\n'),
        ('t.csv', 'id\timage\n1\ta.png\n2\tsub/b.png\n'),
        ('t.tsv', 'id\tphoto\tpath\n1\tx\ta.png\n2\ty\tsub/b.png\n'),
    ],
    ids=['usual name', 'one column', 'semicolons', 'tabs in a CSV', 'tabs'],
)
def test_a_table(shop, name, text):
    (shop / name).write_text(text, 'utf-8')
    assert read(shop / name, root=str(shop / 'shop')) == BOTH


def test_a_column_of_choice_and_rows_without_a_path(shop):
    path = shop / 'shop' / 't.csv'
    path.write_text('path,photo\nx,a.png\ny\nz,sub/b.png\n')
    first, broken, last = read(path, column='photo')
    assert [first, last] == BOTH
    assert broken == ('t.csv, line 3', f'{path}, line 3: there is no path')


@pytest.mark.parametrize(
    'name, data, column, message',
    [
        ('l.txt', b'a.png\nb\xff.png\n', None, 'l.txt, line 2: the byte 0xff is not U'),
        ('t.csv', b'path\nb\xff.png\n', None, 't.csv, after line 1: the byte 0xff is'),
        ('t.csv', b'path\n"a"b.png\n', None, "t.csv, after line 1: ',' expected after"),
        ('t.csv', b'one,two\na,b\n', None, 'path-column; its columns are: one, two'),
        ('t.csv', b'one,two\na,b\n', 'file', "t.csv has no column 'file'; its columns"),
        ('t.csv', b'path, path\na,b\n', None, "t.csv has the column 'path' twice"),
        ('t.csv', b'file,img,img\na,b,c\n', 'img', "has the column 'img' twice"),
        ('t.csv', b'', None, 'its columns are: none'),
        ('t.csv', b'a.png\nb.png\n', None, 'no head, .* names the picture a.png;'),
        ('t.csv', b'1,a.PNG\n2,b.png\n', None, 'no head, .* the picture a.PNG; to'),
    ],
    ids=[
        *('bytes', 'bytes of a table', 'quotes', 'which', 'none', 'twice'),
        *('chosen twice', 'empty', 'no head', 'no head of two columns'),
    ],
)
def test_what_is_no_list(tmp_path, name, data, column, message):
    (tmp_path / name).write_bytes(data)
    with pytest.raises(FormatError, match=message):
        read(tmp_path / name, column=column)


def test_a_list_of_nothing(tmp_path):
    (tmp_path / 'l.txt').write_text('\n')
    with pytest.raises(FileNotFoundError, match=r'l\.txt names no picture'):
        read(tmp_path / 'l.txt')
    with pytest.raises(FileNotFoundError, match=r'none\.csv'):
        read(tmp_path / 'none.csv')


def test_a_picture_is_no_list_whatever_its_name(shop):
    data = (shop / 'shop/a.png').read_bytes()
    (shop / 'a.txt').write_bytes(data)
    assert read(shop / 'a.txt') == [('a.txt', (40, 32))]


@pytest.mark.parametrize('name', ['BM-7.png', 'P1 front.png', 'img/wide.png'])
def test_a_path_that_begins_like_a_picture_or_a_video(shop, name):
    (image,) = pictures([(40, 32)])
    write_picture(shop / 'shop' / name, image)
    path = shop / 'shop' / 'list.txt'
    path.write_text(f'{name}\na.png\n')
    assert read(path) == [(name, (40, 32)), ('a.png', (40, 32))]
    # In a folder it is one of the other files.
    left_aside = []
    assert len(find_sources(shop / 'shop', left_aside)) == 3
    assert left_aside == [f'{path} is no picture and no video']


def test_a_list_is_read_as_it_is_needed(tmp_path):
    path = tmp_path / 'l.txt'
    path.write_bytes(b'a.png\nb\xff.png\n')
    lazy = find_sources(iter([path]))
    assert next(lazy).name == 'a.png'
    with pytest.raises(FormatError, match='line 2'):
        next(lazy)


class TestParquet:
    @pytest.fixture
    def write(self, shop):
        """Writes a table; its path."""
        pyarrow = pytest.importorskip('pyarrow')
        parquet = pytest.importorskip('pyarrow.parquet')

        def call(**columns):
            path = shop / 'shop' / 't.parquet'
            parquet.write_table(pyarrow.table(columns), path, row_group_size=1)
            return path

        return call

    def test_a_table(self, write):
        assert read(write(id=[1, 2], path=['a.png', 'sub/b.png'])) == BOTH

    def test_categories_of_paths(self, write):
        pyarrow = pytest.importorskip('pyarrow')
        names = pyarrow.array(['a.png', 'sub/b.png']).dictionary_encode()
        assert read(write(photo=names), column='photo') == BOTH

    def test_rows_without_a_path(self, write):
        path = write(path=['a.png', None])
        first, broken = read(path)
        assert first == BOTH[0]
        assert broken == ('t.parquet, row 2', f'{path}, row 2: there is no path')

    def test_what_is_no_table_of_paths(self, write, tmp_path):
        with pytest.raises(FormatError, match='column path holds int64, no texts'):
            read(write(path=[1]))
        pyarrow = pytest.importorskip('pyarrow')
        path = write(path=['a.png'], other=['b.png'])
        twice = pyarrow.parquet.read_table(path).rename_columns(['path', 'path'])
        pyarrow.parquet.write_table(twice, path)
        with pytest.raises(FormatError, match="has the column 'path' twice"):
            read(path)
        (tmp_path / 'broken.parquet').write_bytes(b'PAR1' + bytes(30))
        with pytest.raises(FormatError, match=r'broken\.parquet, after row 0'):
            read(tmp_path / 'broken.parquet')
