"""The files of a folder and of those below it, and what paths share."""

from pathlib import Path

from fashion_mmpose.files.folders import files_below, relative_names


def below(root, *arguments):
    found = files_below(root, *arguments)
    return [Path(path).relative_to(root).as_posix() for path in found]


def test_order_suffixes_and_links(tmp_path):
    root = tmp_path / 'root'
    elsewhere = tmp_path / 'elsewhere'
    names = ('b.CSV', 'a/z.csv', 'a-b/y.csv', 'a/.x.csv', '.git/w.csv', 'a/v.txt')
    for path in (*(root / name for name in names), elsewhere / 'u.csv'):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    (root / 'link').symlink_to(elsewhere)
    expected = ['a/z.csv', 'a-b/y.csv', 'b.CSV', 'link/u.csv']
    assert below(root, {'.csv'}) == expected
    assert below(root, {'.txt', '.png'}) == ['a/v.txt']
    assert files_below(f'{root}/', {'.txt'}) == [f'{root}/a/v.txt']


def test_a_folder_is_entered_once(tmp_path):
    root = tmp_path / 'root'
    (root / 'z').mkdir(parents=True)
    (root / 'z/1.csv').touch()
    (root / 'a').symlink_to(root / 'z')
    (root / 'z/loop').symlink_to(root)
    (root / 'gone').symlink_to(tmp_path / 'gone')
    assert below(root, {'.csv'}) == ['z/1.csv']


def test_what_systems_leave_behind(tmp_path):
    for name in ('__MACOSX/1.csv', 'Thumbs.db', 'a/desktop.ini', 'a/@eaDir/2.csv', 'b'):
        (tmp_path / name).parent.mkdir(exist_ok=True, parents=True)
        (tmp_path / name).touch()
    assert below(tmp_path, None) == ['b']


def test_folders_that_are_not_entered(tmp_path):
    for name in ('1.csv', 'in/2.csv', 'in/in/3.csv', 'out/4.csv'):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    asked = []

    def enters(name, depth):
        asked.append((name, depth))
        return name == 'in' and depth < 1

    assert below(tmp_path, {'.csv'}, enters) == ['1.csv', 'in/2.csv']
    assert sorted(asked) == [('in', 0), ('in', 1), ('out', 0)]


def test_pictures_of_the_same_name_stay_apart():
    assert relative_names(['/data/a/1.jpg', '/data/b/1.jpg', '/data/b/c/2.jpg']) == {
        '/data/a/1.jpg': 'a/1.jpg',
        '/data/b/1.jpg': 'b/1.jpg',
        '/data/b/c/2.jpg': 'b/c/2.jpg',
    }
    assert relative_names(['/data/b/1.jpg']) == {'/data/b/1.jpg': '1.jpg'}
    assert relative_names([]) == {}
