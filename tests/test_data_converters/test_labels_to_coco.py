"""data_converters/labels_to_coco.py on the export of every tool."""

import json
import re

import numpy as np
import pytest
import tool_exports
from labels_conversion import convert, exported, labelled, pictures_of
from tool_exports import Garment, Picture, write_pictures

from fashion_mmpose import garments
from fashion_mmpose.formats.coco.columns import read_columns

TOOLS = ('coco', 'cvat', 'label_studio', 'labelme', 'yolo')
HATS = dict(
    name='hats',
    categories=dict(
        cap=['brim_left', 'brim_right', 'top'],
        bucket_hat=['brim_left', 'brim_right', 'crown_left', 'crown_right'],
    ),
)


@pytest.fixture
def benchmark_file(tmp_path):
    path = tmp_path / 'hats.json'
    path.write_text(json.dumps(HATS))
    return path


def assert_same(content, pictures, benchmark, below=''):
    """What was written is what was labelled."""
    names = [image['file_name'] for image in content['images']]
    assert names == [below + picture.name for picture in pictures]
    by_number = {image['id']: image for image in content['images']}
    expected = [
        (below + picture.name, garment)
        for picture in pictures
        for garment in picture.garments
    ]
    assert len(content['annotations']) == len(expected)
    for annotation, (name, garment) in zip(content['annotations'], expected):
        image = by_number[annotation['image_id']]
        assert image['file_name'] == name
        known = garments.garment(benchmark, garment.category)
        assert annotation['category_id'] == known.category_id
        x1, y1, x2, y2 = garment.box
        np.testing.assert_allclose(
            annotation['bbox'], [x1, y1, x2 - x1, y2 - y1], atol=0.01
        )
        slots = np.reshape(annotation['keypoints'], (-1, 3))
        assert len(slots) == len(garments.keypoints(benchmark))
        own = [garment.points[name] for name in known.keypoints]
        np.testing.assert_allclose(slots[list(known.channels)], own, atol=0.01)
        others = np.delete(slots, known.channels, axis=0)
        assert not others.any()
        assert annotation['num_keypoints'] == len(own) - 1


@pytest.mark.parametrize('tool', TOOLS)
@pytest.mark.parametrize('benchmark', ['fashionai', 'deepfashion2', 'hats'])
def test_every_tool_gives_the_same(tmp_path, benchmark_file, tool, benchmark, capsys):
    if benchmark == 'hats':
        benchmark = str(benchmark_file)
    pictures = pictures_of(benchmark)
    export = exported(tool, tmp_path, pictures)
    content = convert(tmp_path, export, '--benchmark', benchmark, '--split-categories')
    below = 'train/' if tool == 'yolo' else ''
    assert_same(content, pictures, benchmark, below)
    # The datasets read it, whole and by category.
    known = garments.benchmark(benchmark)
    columns = read_columns(tmp_path / 'out/train_all.json', known)
    assert (len(columns.ids), columns.notes) == (3, ())
    last = list(known.garments)[-1]
    own = read_columns(tmp_path / f'out/train_{last}.json', known, last)
    assert len(own.ids) == 2 and len(own.images.ids) == 2
    lines = capsys.readouterr().out.splitlines()
    count = len(known.garments[last].keypoints)
    (row,) = (line for line in lines if line.startswith(f'{last} '))
    assert row.split()[:3] == [last, last, '2']
    # Only these two have no list of key points; the last one is never labelled.
    found = count - (tool in ('label_studio', 'labelme'))
    assert row.endswith(f'{found} of {count}')


def test_files_of_categories_that_are_gone_are_told(tmp_path, capsys):
    """A training of one category would go on with labels of an earlier export."""
    export = exported('coco', tmp_path, pictures_of('fashionai'))
    stale = tmp_path / 'out/train_dress.json'
    stale.parent.mkdir()
    stale.write_text('{}')
    convert(tmp_path, export, '--benchmark', 'fashionai', '--split-categories')
    warned = f'warning: {stale} is of another run, and stays as it was\n'
    assert capsys.readouterr().err.count('of another run') == 1
    assert stale.read_text() == '{}'
    (tmp_path / 'out/train_skirt.json').write_text('{}')
    convert(tmp_path, export, '--benchmark', 'fashionai', '--split-categories')
    assert warned in capsys.readouterr().err
    convert(tmp_path, export, '--benchmark', 'fashionai')  # which makes none of them
    assert 'of another run' not in capsys.readouterr().err


def shouted(name):
    return name.replace('_', ' ').title()


@pytest.mark.parametrize('tool', TOOLS)
def test_spelling_does_not_matter(tmp_path, tool):
    pictures = pictures_of('fashionai', shouted)
    export = exported(tool, tmp_path, pictures)
    content = convert(tmp_path, export, '--benchmark', 'fashionai')
    below = 'train/' if tool == 'yolo' else ''
    assert_same(content, pictures_of('fashionai'), 'fashionai', below)


def test_raw_names_and_any_order_of_deepfashion2(tmp_path):
    pictures = pictures_of('deepfashion2')
    raw = {'short_sleeved_shirt': 'short sleeve top', 'sling_dress': 'sling dress'}
    for picture in pictures:
        for garment in picture.garments:
            garment.category = raw[garment.category]
            garment.points = dict(reversed(garment.points.items()))
    export = exported('coco', tmp_path, pictures)
    content = json.loads(export.read_text())
    content['categories'].reverse()
    content['categories'].append(dict(id=1, name='shoe', keypoints=['toe']))
    export.write_text(json.dumps(content))
    content = convert(tmp_path, export, '--benchmark', 'deepfashion2')
    assert_same(content, pictures_of('deepfashion2'), 'deepfashion2')


def test_skeletons_get_the_extent_of_their_points(tmp_path, capsys):
    pictures = pictures_of('fashionai')
    write_pictures(tmp_path / 'images', pictures)
    export = tool_exports.cvat_skeletons(tmp_path, pictures)
    content = convert(tmp_path, export, '--benchmark', 'fashionai', '--margin', 4)
    points = [p for p in pictures[1].garments[0].points.values() if p[2]]
    xs, ys, _ = zip(*points)
    low, high = (min(xs) - 4, min(ys) - 4), (max(xs) + 4, max(ys) + 4)
    box = [*low, high[0] - low[0], high[1] - low[1]]
    np.testing.assert_allclose(content['annotations'][2]['bbox'], box)
    assert '3 boxes made from key points' in capsys.readouterr().err
    for garment, annotation in zip(
        [g for p in pictures for g in p.garments], content['annotations']
    ):
        x, y, width, height = annotation['bbox']
        garment.box = x, y, x + width, y + height
    assert_same(content, pictures, 'fashionai')


@pytest.mark.parametrize('tool', TOOLS)
def test_mapped_names(tmp_path, tool, capsys):
    """Names of another language, a category that is left out, and one unknown."""
    pictures = pictures_of('fashionai')
    trousers = pictures[1].garments[0]
    trousers.category = 'Hose'
    trousers.points['Schritt'] = trousers.points.pop('crotch')
    trousers.points['Knopf'] = 100, 100, 2
    pictures[2].garments = [
        Garment('Schuh', dict(Spitze=(50, 60, 2)), (40, 50, 80, 90)),
        Garment('Hut', dict(Spitze=(50, 60, 2)), (40, 50, 80, 90)),
    ]
    export = exported(tool, tmp_path, pictures)
    mapping = tmp_path / 'names.yaml'
    mapping.write_text(
        'categories: {Hose: trousers, Schuh: null}\n'
        'keypoints: {Hose: {Schritt: crotch}, Knopf: null}\n'
    )
    options = ('--benchmark', 'fashionai', '--mapping', mapping)
    content = convert(tmp_path, export, *options)
    expected = pictures_of('fashionai')
    below = 'train/' if tool == 'yolo' else ''
    assert_same(content, expected, 'fashionai', below)
    output = capsys.readouterr()
    rows = {line.split()[0]: line for line in output.out.splitlines() if line}
    assert rows['Hose'].split()[1:3] == ['trousers', '1']
    assert rows['Hut'].split()[1:3] == ['-', '1']
    assert 'left out: fashionai has no such category' in rows['Hut']
    assert 'left out, as the mapping says' in rows['Schuh']
    assert 'warning: Hut: 1 garments left out: fashionai has no such' in output.err


def test_yolo_without_names_of_points(tmp_path, capsys):
    """The order counts where a category has as many key points."""
    pictures = [
        Picture(
            'a.png',
            (600, 400),
            [labelled(garments.garment('fashionai', 'skirt'), 20, 30)],
        )
    ]
    write_pictures(tmp_path / 'images/train', pictures)
    export = tool_exports.yolo(tmp_path, pictures, named=False)
    content = convert(tmp_path, export, '--benchmark', 'fashionai')
    assert_same(content, pictures, 'fashionai', 'train/')
    export.write_text(export.read_text().replace('skirt', 'dress'))
    assert not convert(tmp_path, export, '--benchmark', 'fashionai')
    assert "the key point '1' is none of a dress" in capsys.readouterr().err


def test_yolo_splits_are_not_mixed(tmp_path, capsys):
    pictures = pictures_of('fashionai')
    export = exported('yolo', tmp_path, pictures)
    export.write_text(export.read_text() + 'val: images/val\n')
    assert not convert(tmp_path, export, '--benchmark', 'fashionai')
    assert "has the splits ['train', 'val']" in capsys.readouterr().err
    options = ('--benchmark', 'fashionai', '--split', 'train')
    content = convert(tmp_path, export, *options, images=False)
    assert_same(content, pictures, 'fashionai', 'images/train/')


# ------------------------------------------------------------------------- refused


def test_nothing_matches(tmp_path, capsys):
    export = exported('coco', tmp_path, pictures_of('deepfashion2')[:1])
    assert not convert(tmp_path, export, '--benchmark', 'fashionai')
    error = capsys.readouterr().err
    assert 'none of its categories' in error and '--mapping' in error
    assert not (tmp_path / 'out/train_all.json').exists()


@pytest.mark.parametrize('tool', TOOLS)
def test_a_misspelt_point_is_refused_or_left_out(tmp_path, tool, capsys):
    pictures = pictures_of('fashionai')
    blouse = pictures[0].garments[0]
    blouse.points['neckline_lft'] = blouse.points.pop('neckline_left')
    export = exported(tool, tmp_path, pictures)
    assert not convert(tmp_path, export, '--benchmark', 'fashionai')
    error = capsys.readouterr().err
    assert "the key point 'neckline_lft' is none of a blouse; similar: neckline_l" in (
        error
    )
    content = convert(tmp_path, export, '--benchmark', 'fashionai', '--skip-bad')
    assert [a['category_id'] for a in content['annotations']] == [5, 5]
    output = capsys.readouterr()
    assert 'warning: left out: ' in output.err
    assert 'the export has no neckline_left' in output.err


def test_bad_lines_of_yolo_are_refused_or_left_out(tmp_path, capsys):
    pictures = pictures_of('fashionai')
    export = exported('yolo', tmp_path, pictures)
    first, second = sorted(
        path
        for path in (tmp_path / 'labels').rglob('*.txt')
        if path.read_text().strip()
    )
    good = first.read_text()
    first.write_text(f'0 0.5 0.5\n{good}9 0.5\n')
    options = ('--benchmark', 'fashionai')
    assert not convert(tmp_path, export, *options)
    assert f'{first}, line 1 has 3 numbers' in capsys.readouterr().err
    content = convert(tmp_path, export, *options, '--skip-bad')
    assert_same(content, pictures, 'fashionai', 'train/')
    error = capsys.readouterr().err
    assert f'warning: left out: {first}, line 1 has 3 numbers' in error
    assert f'left out: {first}, line 4: class 9 is not in names' in error
    # Of a file that is no text, no line is known.
    first.write_text(good)
    second.write_bytes(b'0 0.5 \xff')
    assert not convert(tmp_path, export, *options)
    assert f'{second} is no text' in capsys.readouterr().err
    content = convert(tmp_path, export, *options, '--skip-bad')
    kept = [each for each in pictures if not second.match(f'{each.name[:-4]}.txt')]
    assert_same(content, kept, 'fashionai', 'train/')


@pytest.mark.parametrize('first', ['0', '01'])
def test_points_that_are_not_numbered_from_1(tmp_path, first, capsys):
    skirt = labelled(garments.garment('fashionai', 'skirt'), 20, 30)
    names = list(skirt.points)
    points = dict(zip([first, '2', '3', '4'], skirt.points.values()))
    pictures = [Picture('a.png', (600, 400), [Garment('skirt', points, skirt.box)])]
    export = exported('labelme', tmp_path, pictures)
    assert not convert(tmp_path, export, '--benchmark', 'fashionai')
    assert f'the key point {first!r} is none of a skirt' in capsys.readouterr().err
    mapping = tmp_path / 'names.json'
    mapping.write_text(json.dumps(dict(keypoints=dict(zip(points, names)))))
    options = ('--benchmark', 'fashionai', '--mapping', mapping)
    content = convert(tmp_path, export, *options)
    assert_same(content, [Picture('a.png', (600, 400), [skirt])], 'fashionai')


@pytest.mark.parametrize('tool', ['coco', 'cvat', 'label_studio', 'labelme'])
def test_pictures_of_another_size(tmp_path, tool, capsys):
    pictures = pictures_of('fashionai')
    export = exported(tool, tmp_path, pictures)
    turned = Picture('more/b.png', (700, 500))
    write_pictures(tmp_path / 'images', [turned])
    assert not convert(tmp_path, export, '--benchmark', 'fashionai')
    error = capsys.readouterr().err
    assert 'it was labelled with 500 x 700 px' in error and 'has 700 x 500 px' in error
    content = convert(tmp_path, export, '--benchmark', 'fashionai', '--skip-bad')
    assert len(content['images']) == 2 and len(content['annotations']) == 2


def test_missing_and_ambiguous_pictures(tmp_path, capsys):
    pictures = pictures_of('fashionai')
    export = exported('label_studio', tmp_path, pictures)
    (tmp_path / 'images/a.png').unlink()
    assert not convert(tmp_path, export, '--benchmark', 'fashionai')
    assert re.search(r"task 1: no picture '.*a.png' below", capsys.readouterr().err)
    write_pictures(tmp_path / 'images/x', pictures[:1])
    write_pictures(tmp_path / 'images/y', pictures[:1])
    assert not convert(tmp_path, export, '--benchmark', 'fashionai')
    assert '2 files below' in capsys.readouterr().err


@pytest.mark.parametrize('tool', ['coco', 'cvat', 'label_studio'])
def test_labels_of_a_missing_picture_do_not_go_to_another(tmp_path, tool, capsys):
    """Whose the file of their name is, only its very path tells."""
    skirt = pictures_of('fashionai')[1].garments[0]
    pictures = [Picture(f'{folder}/1.png', (500, 700), [skirt]) for folder in 'ab']
    export = exported(tool, tmp_path, pictures)
    options = ('--benchmark', 'fashionai')
    # Label Studio does not keep the folders of what is uploaded.
    assert tool == 'label_studio' or convert(tmp_path, export, *options)
    (tmp_path / 'images/a/1.png').unlink()
    assert not convert(tmp_path, export, *options)
    error = capsys.readouterr().err
    assert 'both lead to' in error and 'images/b/1.png, though they are two' in error
    content = convert(tmp_path, export, *options, '--skip-bad')
    left = [image['file_name'] for image in content['images']] if content else []
    assert left == ([] if tool == 'label_studio' else ['b/1.png'])


def test_entries_of_one_picture_become_one_image(tmp_path, capsys):
    pictures = pictures_of('fashionai')
    first, second = pictures[0].garments
    parts = [Picture('a.png', (600, 400), [each]) for each in (first, second)]
    export = exported('coco', tmp_path, [*parts, *pictures[1:]])
    content = convert(tmp_path, export, '--benchmark', 'fashionai')
    assert_same(content, pictures, 'fashionai')
    said = capsys.readouterr().err
    assert '1 entries name a picture that an earlier one names, such as a.png' in said
    told = json.loads(export.read_text())
    told['images'][1]['height'] = 500
    export.write_text(json.dumps(told))
    assert not convert(tmp_path, export, '--benchmark', 'fashionai', images=False)
    said = capsys.readouterr().err
    assert 'a.png is of 600 x 500 px, and another entry says 600 x 400 px' in said


@pytest.mark.parametrize('name', ['../secret.png', '/etc/secret.png'])
def test_names_do_not_lead_out_of_the_folder(tmp_path, name, capsys):
    pictures = pictures_of('fashionai')
    export = exported('coco', tmp_path, pictures)
    write_pictures(tmp_path, [Picture('secret.png', (600, 400))])
    export.write_text(export.read_text().replace('"a.png"', json.dumps(name)))
    assert not convert(tmp_path, export, '--benchmark', 'fashionai')
    assert f"no picture '{name}' below" in capsys.readouterr().err
    export.write_text(export.read_text())
    options = ('--benchmark', 'fashionai')
    assert not convert(tmp_path, export, *options, images=False)
    assert 'leads out of the folder' in capsys.readouterr().err


def test_geometry(tmp_path, capsys):
    """A box outside is refused, a flat one replaced, corners for widths are told."""
    pictures = pictures_of('fashionai')
    export = exported('coco', tmp_path, pictures)
    sound = export.read_text()
    options = ('--benchmark', 'fashionai')

    def with_boxes(*boxes):
        content = json.loads(sound)
        for annotation, box in zip(content['annotations'], boxes):
            annotation['bbox'] = box
        export.write_text(json.dumps(content))
        return convert(tmp_path, export, *options)

    assert not with_boxes([700, 30, 20, 20])
    assert 'annotation 1: its box [700.0, 30.0, 720.0, 50.0]' in capsys.readouterr().err
    assert with_boxes([20, 30, 90, 0])['annotations'][0]['bbox'][3] > 0
    assert '1 boxes made from key points' in capsys.readouterr().err
    assert not with_boxes([300, 30, 500, 380], [90, 200, 580, 390], [200, 90, 490, 600])
    assert 'the boxes are corners' in capsys.readouterr().err


def test_the_published_form_of_deepfashion2(fashion_data, tmp_path):
    """Its categories and numbered landmarks are known; nothing of them changes."""
    export = fashion_data / 'deepfashion2/train-coco_style-32.json'
    options = ('--benchmark', 'deepfashion2')
    images = fashion_data / 'deepfashion2/image'
    content = convert(tmp_path, export, *options, '--images', images, images=False)
    published = {a['id']: a for a in json.loads(export.read_text())['annotations']}
    assert {a['id'] for a in content['annotations']} == set(published)
    for annotation in content['annotations']:
        expected = published[annotation['id']]
        for key in ('image_id', 'category_id', 'bbox', 'area', 'keypoints', 'style'):
            assert annotation[key] == expected[key]
