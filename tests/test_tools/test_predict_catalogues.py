"""`fashion-mmpose predict` and `measure` over lists, tables and archives."""

import json
import tarfile

import cv2
import pytest
from coarse_pictures import pictures

from fashion_mmpose.cli.main import main
from fashion_mmpose.files.pictures.pixels import write_picture

pytestmark = pytest.mark.slow
pytest.importorskip('onnx')
pytest.importorskip('onnxruntime')

NAMES = ('a.png', 'b/c.png', 'd.png')


@pytest.fixture(scope='module')
def shop(tmp_path_factory):
    """Three pictures in ``shop/``, named in a list and a table, and in an archive."""
    folder = tmp_path_factory.mktemp('catalogue')
    for name, image in zip(NAMES, pictures([(96, 128), (128, 96), (90, 90)])):
        write_picture(folder / 'shop' / name, cv2.blur(image, (9, 9)))
    (folder / 'list.txt').write_text('\n'.join(NAMES))
    (folder / 'table.csv').write_text('id,photo\n1,a.png\n2,b/c.png\n3,d.png\n')
    with tarfile.open(folder / 'shop.tar', 'w') as archive:
        for name in NAMES:
            archive.add(folder / 'shop' / name, name)
    return folder


@pytest.fixture
def predicted(shop, skirt_network, tmp_path, monkeypatch):
    """Predicts, and returns the exit code and the entries without the names."""
    monkeypatch.chdir(shop)

    def call(*inputs, code=0):
        command = 'predict', *inputs, *skirt_network, '--out-dir', str(tmp_path)
        assert main([*command]) == code
        entries = json.loads((tmp_path / 'predictions.json').read_text())
        return [each.pop('image') for each in entries], entries

    return call


def test_the_same_garments_by_every_way(predicted):
    names, expected = predicted('shop')
    assert names == [*NAMES] and len(expected) == 3
    for source in ('list.txt', 'table.csv'):
        options = '--img-root', 'shop', '--path-column', 'photo'
        assert predicted(source, *options) == (names, expected)
    in_archive = [f'shop.tar/{name}' for name in NAMES]
    assert predicted('shop.tar') == (in_archive, expected)


def test_a_bad_entry_fails_alone(predicted, shop, capsys):
    (shop / 'shop' / 'bad.txt').write_text('a.png\nnone.png\n')
    names, _ = predicted('shop/bad.txt', code=1)
    assert names == ['a.png']
    told = 'none.png: No such file or directory (named in shop/bad.txt, line 2)'
    assert f'left out: shop/{told}' in capsys.readouterr().err
    assert predicted('shop/bad.txt', '--skip-bad')[0] == names


def test_what_is_no_table_ends_in_a_line(
    shop, skirt_network, monkeypatch, tmp_path, capsys
):
    monkeypatch.chdir(shop)
    arguments = 'table.csv', *skirt_network, '--out-dir', str(tmp_path)
    assert main(['predict', *arguments]) == 1
    error = capsys.readouterr().err
    assert error.startswith('error: nothing tells which column of table.csv holds')
    assert error.count('\n') == 1


def test_an_archive_is_measured_and_drawn(shop, skirt_network, monkeypatch, tmp_path):
    monkeypatch.chdir(shop)
    arguments = 'shop.tar', *skirt_network, '--out-dir', str(tmp_path), '--save-vis'
    assert main(['measure', *arguments]) == 0
    rows = json.loads((tmp_path / 'measurements.json').read_text())
    assert {row['image'] for row in rows} == {f'shop.tar/{name}' for name in NAMES}
    drawn = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob('*.png')}
    assert drawn == {f'measured/shop.tar/{name}' for name in NAMES}
