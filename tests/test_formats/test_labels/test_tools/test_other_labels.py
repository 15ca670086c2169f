"""labelme, YOLO and COCO: what belongs together, and what is refused."""

import json

import pytest
from PIL import Image

from fashion_mmpose.errors import FormatError
from fashion_mmpose.formats.labels.reading import guess_format, read_labels
from fashion_mmpose.formats.labels.tools.coco_export import read_coco
from fashion_mmpose.formats.labels.tools.labelme import read_labelme
from fashion_mmpose.formats.labels.tools.yolo_pose import read_yolo_pose

# ------------------------------------------------------------------------ labelme


def shape(label, kind, *points, group=None, **flags):
    return dict(
        label=label, shape_type=kind, points=list(points), group_id=group, flags=flags
    )


@pytest.fixture
def labelme(tmp_path):
    def read(*shapes, **changes):
        content = dict(
            shapes=list(shapes), imagePath='a.png', imageWidth=90, imageHeight=60
        )
        (tmp_path / 'a.json').write_text(json.dumps(content | changes))
        return read_labelme(tmp_path)

    return read


RECTANGLE = shape('skirt', 'rectangle', [30, 40], [10, 5], group=1)


def test_labelme_groups(labelme):
    labels = labelme(
        RECTANGLE,
        shape('left', 'point', [12, 13], group=1),
        shape('right', 'point', [22, 13], group=1, occluded=True),
        shape('vest', 'rectangle', [50, 5], [80, 40], group=2),
        shape('left', 'point', [60, 13], group=2, hidden=False),
        shape('hole', 'polygon', [1, 1], [2, 2], [3, 1]),
    )
    first, second = labels.images[0].garments
    assert (first.category, first.box) == ('skirt', (10, 5, 30, 40))
    assert first.points == {'left': (12, 13, 2), 'right': (22, 13, 1)}
    assert second.points == {'left': (60, 13, 2)}
    assert '1 shapes of the type polygon left out' in labels.notes[0]


def test_bad_files_and_garments_of_labelme_are_left_out(labelme, tmp_path):
    (tmp_path / 'notes.json').write_text('{}')
    (tmp_path / 'torn.json').write_text('{"shapes": [')
    point = shape('left', 'point', [12, 13], group=2)
    with pytest.raises(FormatError, match='group 2, shape 3: the key point'):
        labelme(RECTANGLE, point, point)
    labels = read_labels(tmp_path, skip_bad=True)
    (picture,) = labels.images
    assert [each.category for each in picture.garments] == ['skirt']
    of_garment, of_notes, of_torn = labels.notes
    assert of_garment.startswith('left out: ') and 'labelled twice' in of_garment
    assert "notes.json is none of labelme's files" in of_notes
    assert 'torn.json' in of_torn
    (tmp_path / 'a.json').unlink()
    with pytest.raises(FormatError, match='no picture that is read; left out: .*notes'):
        read_labels(tmp_path, skip_bad=True)


def test_labelme_without_groups(labelme):
    """The shapes of a picture's only garment need no number."""
    point = shape('left', 'point', [12, 13])
    (garment,) = labelme(RECTANGLE, point).images[0].garments
    assert garment.category == 'skirt' and garment.points == {'left': (12, 13, 2)}
    (garment,) = labelme(dict(RECTANGLE, group_id=None), point).images[0].garments
    assert garment.category == 'skirt' and garment.points == {'left': (12, 13, 2)}
    (garment,) = labelme(point).images[0].garments
    assert garment.category is None


@pytest.mark.parametrize(
    'shapes, message',
    [
        ([RECTANGLE, RECTANGLE], 'group 1 hold 2 rectangles'),
        ([shape('left', 'point', [1, 2], [3, 4])], 'a point needs one position'),
        ([shape('left', 'point', [1])], 'the point is'),
        ([shape('', 'point', [1, 2])], "label is ''"),
        ([shape('a', 'point', [1, 2]), shape('a', 'point', [1, 3])], 'labelled twice'),
        ([shape('skirt', 'rectangle', [1, 2])], 'needs two corners'),
        ([5], 'shape 1 is no object'),
    ],
)
def test_labelme_refused(labelme, shapes, message):
    with pytest.raises(FormatError, match=f'a.json.*{message}'):
        labelme(*shapes)


def test_labelme_files_and_strangers(labelme, tmp_path):
    labelme(RECTANGLE)
    (single,) = read_labels(tmp_path / 'a.json').images
    assert single.names == ('a.png',)
    (tmp_path / 'settings.json').write_text('{}')
    with pytest.raises(FormatError, match="settings.json is none of labelme's files"):
        read_labelme(tmp_path)
    with pytest.raises(FormatError, match='imageWidth is 0'):
        labelme(RECTANGLE, imageWidth=0)


# --------------------------------------------------------------------------- YOLO


@pytest.fixture
def yolo(tmp_path):
    def read(line, shape='[2, 3]', names='[skirt]', more='', split=None):
        for folder in ('images', 'labels'):
            (tmp_path / folder).mkdir(exist_ok=True)
        Image.new('RGB', (200, 100)).save(tmp_path / 'images/a.png')
        (tmp_path / 'labels/a.txt').write_text(line)
        path = tmp_path / 'data.yaml'
        path.write_text(f'train: images\nnames: {names}\nkpt_shape: {shape}\n{more}')
        return read_yolo_pose(path, split)

    return read


def test_yolo_points(yolo):
    labels = yolo('0 0.5 0.5 0.2 0.4 0.1 0.2 2 0.3 0.4 1\n\n')
    (garment,) = labels.images[0].garments
    assert garment.box == pytest.approx((80, 30, 120, 70))
    assert garment.points == {
        '1': pytest.approx((20, 20, 2)),
        '2': pytest.approx((60, 40, 1)),
    }
    labels = yolo('0 0.5 0.5 0.2 0.4 0.1 0.2 0 0', '[2, 2]', more='kpt_names: [a, b]')
    (garment,) = labels.images[0].garments
    assert garment.points == {'a': pytest.approx((20, 20, 2)), 'b': (0, 0, 0)}
    assert labels.declared == {'skirt': ['a', 'b']}


def test_yolo_names_of_points(yolo):
    for more in ('{0: [a, b]}', '{skirt: [a, b]}', '[[a, b]]'):
        labels = yolo('', more=f'kpt_names: {more}')
        assert labels.declared == {'skirt': ['a', 'b']}
    with pytest.raises(FormatError, match="kpt_names of 'skirt' must be 2 names"):
        yolo('', more='kpt_names: [a]')
    with pytest.raises(FormatError, match='has a name twice'):
        yolo('', more='kpt_names: [a, a]')


def test_yolo_pictures_without_text(yolo, tmp_path):
    yolo('0 0.5 0.5 0.2 0.4 0.1 0.2 2 0.3 0.4 1')
    Image.new('RGB', (20, 10)).save(tmp_path / 'images/b.png')
    # The second one as Windows writes it.
    (tmp_path / 'list.txt').write_text('./images/b.png\nimages\\a.png\n')
    path = tmp_path / 'data.yaml'
    path.write_text(path.read_text().replace('train: images', 'val: list.txt'))
    labels = read_yolo_pose(path)
    assert [image.names[0] for image in labels.images] == [
        'images/b.png',
        'images/a.png',
    ]
    assert [len(image.garments) for image in labels.images] == [0, 1]
    assert '1 pictures have no text file' in labels.notes[0]


def test_yolo_texts_without_picture(yolo, tmp_path):
    line = '0 0.5 0.5 0.2 0.4 0.1 0.2 2 0.3 0.4 1'
    yolo(line)
    Image.new('RGB', (200, 100)).save(tmp_path / 'images/b.gif')
    (tmp_path / 'labels/more').mkdir()
    for name in ('b', 'c', 'more/d'):
        (tmp_path / f'labels/{name}.txt').write_text(f'{line}\n')
    (tmp_path / 'labels/classes.txt').write_text('skirt\n')
    (tmp_path / 'labels/empty.txt').write_text('')
    labels = read_yolo_pose(tmp_path / 'data.yaml')
    assert [image.names[-1] for image in labels.images] == ['a.png', 'b.gif']
    assert [len(image.garments) for image in labels.images] == [1, 1]
    (note,) = labels.notes
    first = tmp_path / 'labels/c.txt'
    assert f'2 text files, such as {first}, are of no picture that is there' in note


def test_yolo_places_of_roboflow(yolo, tmp_path):
    """../train/images is meant to lie beside data.yaml, unless it is there."""
    yolo('0 0.5 0.5 0.2 0.4 0.1 0.2 2 0.3 0.4 1')
    inner = tmp_path / 'export'
    inner.mkdir()
    for name in ('images', 'labels', 'data.yaml'):
        (tmp_path / name).rename(inner / name)
    path = inner / 'data.yaml'
    path.write_text(path.read_text().replace('train: images', 'train: ../images'))
    labels = read_yolo_pose(path)
    assert [image.names[0] for image in labels.images] == ['images/a.png']
    assert len(labels.images[0].garments) == 1 and not labels.notes
    (tmp_path / 'images').mkdir()
    Image.new('RGB', (20, 10)).save(tmp_path / 'images/b.png')
    assert [image.names[-1] for image in read_yolo_pose(path).images] == ['b.png']
    path.write_text(path.read_text().replace('../images', '../none'))
    with pytest.raises(FormatError, match='/none does not exist; to fix it: correct'):
        read_yolo_pose(path)


@pytest.mark.parametrize(
    'line, message',
    [
        ('0 0.5 0.5 0.2 0.4 0.1 0.2 2', 'a.txt, line 1 has 8 numbers, expected the cl'),
        ('1 0.5 0.5 0.2 0.4 0.1 0.2 2 0.3 0.4 1', 'class 1 is not in names'),
        ('0 90 50 20 40 0.1 0.2 2 0.3 0.4 1', '90 is no fraction'),
        ('0 0.5 0.5 0.2 0.4 0.1 0.2 3 0.3 0.4 1', "v of '1' is 3"),
        ('0 0.5 0.5 0.2 0.4 0.1 x 2 0.3 0.4 1', "a field is 'x', not a number"),
        ('0 0.5 0.5 0.2 0.4 0.1 inf 2 0.3 0.4 1', 'not a number'),
    ],
)
def test_yolo_refused(yolo, line, message):
    with pytest.raises(FormatError, match=message):
        yolo(line)


@pytest.mark.parametrize(
    'options, message',
    [
        (dict(shape='17'), 'kpt_shape is 17'),
        (dict(shape='[2, 4]'), 'kpt_shape is'),
        (dict(names='skirt'), 'names must be a list'),
        (dict(split='val'), r"has no split 'val'; it has \['train'\]"),
        (dict(more='val: nowhere', split='val'), 'nowhere does not exist'),
    ],
)
def test_yolo_descriptions_refused(yolo, options, message):
    with pytest.raises(FormatError, match=message):
        yolo('', **options)


# --------------------------------------------------------------------------- COCO


def coco(**changes):
    annotation = dict(id=1, image_id=5, category_id=3, keypoints=[1, 2, 2, 0, 0, 0])
    entry = dict(id=3, name='skirt', keypoints=['left', 'right'])
    image = dict(id=5, file_name='a.png', width=90, height=60)
    lists = dict(images=image, categories=entry, annotations=annotation)
    return {
        name: [entry | changes.get(name, {})]
        if changes.get(name, {}) is not None
        else 5
        for name, entry in lists.items()
    }


def test_coco_fields(tmp_path):
    path = tmp_path / 'a.json'
    content = coco(annotations=dict(bbox=[1, 2, 3, 4], iscrowd=1, style=2, extra='x'))
    path.write_text(json.dumps(content), encoding='utf-8-sig')
    labels = read_coco(path)
    assert labels.declared == {'skirt': ['left', 'right']}
    (garment,) = labels.images[0].garments
    assert garment.box == (1, 2, 4, 6)
    assert garment.points == {'left': (1, 2, 2), 'right': (0, 0, 0)}
    assert (garment.kept, garment.number) == (dict(style=2, iscrowd=1), 1)


@pytest.mark.parametrize(
    'mask', [[[1, 2, 3, 4, 5, 6]], dict(counts='PPYo0', size=[80, 60])]
)
def test_masks_of_coco_are_kept(tmp_path, mask):
    """Polygons, and run lengths."""
    path = tmp_path / 'coco.json'
    path.write_text(json.dumps(coco(annotations=dict(segmentation=mask))))
    ((garment,),) = (image.garments for image in read_coco(path).images)
    assert garment.kept == dict(segmentation=mask)


def test_whole_ids_of_coco_with_a_fraction(tmp_path):
    path = tmp_path / 'a.json'
    ids = dict(id=1.0, image_id=5.0, category_id=3.0)
    content = coco(images=dict(id=5.0), categories=dict(id=3.0), annotations=ids)
    path.write_text(json.dumps(content))
    (image,) = read_coco(path).images
    assert (image.number, image.garments[0].number) == (5, 1)
    assert type(image.number) is int


def test_a_project_of_roboflow_that_is_called_like_a_category(tmp_path):
    path = tmp_path / 'a.json'
    content = coco()
    content['categories'].insert(0, dict(id=0, name='skirt', supercategory='none'))
    path.write_text(json.dumps(content))
    labels = read_coco(path)
    assert labels.declared == {'skirt': ['left', 'right']}
    assert labels.images[0].garments[0].category == 'skirt'
    # Which key points a garment has would not be told otherwise.
    content['annotations'].append(dict(content['annotations'][0], id=2, category_id=0))
    path.write_text(json.dumps(content))
    with pytest.raises(FormatError, match="another category is called 'skirt', too"):
        read_coco(path)


@pytest.mark.parametrize(
    'changes, message',
    [
        (dict(images=None), r"has no list \['images'\]"),
        (dict(images=dict(id='5')), r'image 0 \(from 0\) has no whole number id'),
        (dict(images=dict(width=None)), 'image 5: width is None'),
        (dict(annotations=dict(image_id=6)), 'annotation 1 is of image 6'),
        (dict(annotations=dict(image_id=5.5)), 'annotation 1 is of image 5.5'),
        (dict(annotations=dict(image_id=[5])), r'annotation 1 is of image \[5\]'),
        (dict(annotations=dict(category_id=9)), 'category_id is 9, which the file'),
        (dict(annotations=dict(keypoints=[1, 2, 2])), 'keypoints is .* expected 6 n'),
        (dict(annotations=dict(keypoints=[1, 2, 5, 0, 0, 0])), "v of 'left' is 5"),
        (dict(annotations=dict(bbox=[1, 2, 3])), 'bbox is .* expected 4 numbers'),
        (dict(annotations=dict(bbox=[1, 2, 3, '4x'])), "bbox is '4x', not a number"),
        (dict(categories=dict(keypoints=['a', 'a'])), 'have the same name'),
        (dict(categories=dict(name=' ')), "name is ' ', not a name"),
    ],
)
def test_coco_refused(tmp_path, changes, message):
    path = tmp_path / 'a.json'
    path.write_text(json.dumps(coco(**changes)))
    with pytest.raises(FormatError, match=message):
        read_coco(path)


# ----------------------------------------------------------------------- which tool


@pytest.mark.parametrize(
    'name, content, form',
    [
        ('a.json', '{"shapes": []}', 'labelme'),
        ('a.json', '{"annotations": []}', 'coco'),
        ('a.json', '[{"annotations": [], "data": {}}]', 'label-studio'),
        ('a.xml', '', 'cvat'),
        ('data.yml', '', 'yolo'),
    ],
)
def test_the_tool_is_known_by_the_content(tmp_path, name, content, form):
    (tmp_path / name).write_text(content)
    assert guess_format(str(tmp_path / name)) == form


@pytest.mark.parametrize(
    'name, content, message',
    [
        ('a.json', '{"a": 1}', 'is no export .* it begins with {"a": 1}'),
        ('a.csv', '', 'is no export'),
        ('a.zip', '', 'is an archive; to fix it: unpack it first'),
    ],
)
def test_other_files(tmp_path, name, content, message):
    (tmp_path / name).write_text(content)
    with pytest.raises(FormatError, match=message):
        read_labels(tmp_path / name)
    with pytest.raises(FileNotFoundError):
        read_labels(tmp_path / 'none.json')
