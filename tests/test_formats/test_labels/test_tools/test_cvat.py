"""CVAT's XML: what belongs together, and what is refused."""

import pytest

from fashion_mmpose.errors import FormatError
from fashion_mmpose.formats.labels.tools.cvat import read_cvat

HEAD = '<?xml version="1.0" encoding="utf-8"?>\n'


@pytest.fixture
def read(tmp_path):
    def of(inner, head=HEAD, **options):
        path = tmp_path / 'annotations.xml'
        path.write_text(f'{head}<annotations>{inner}</annotations>')
        return read_cvat(path, **options)

    return of


def image(*shapes):
    return (
        f'<image id="0" name="a.png" width="90" height="60">{"".join(shapes)}</image>'
    )


def point(label, xy='1.5,2.25', **attributes):
    more = ''.join(f' {key}="{value}"' for key, value in attributes.items())
    return f'<points label="{label}" points="{xy}"{more}></points>'


BOX = '<box label="skirt" xtl="1" ytl="2" xbr="30.5" ybr="40" group_id="{}"></box>'


def test_a_skeleton(read):
    labels = read(
        '<meta><project><labels><label><name>skirt</name><type>skeleton</type>'
        '</label><label><name>left</name><parent>skirt</parent></label></labels>'
        '</project></meta>'
        + image(
            '<skeleton label="skirt" occluded="0">',
            point('left', occluded=0, outside=0),
            point('right', '3,4', occluded=1, outside=0),
            point('hem', '5,6', occluded=0, outside=1),
            '</skeleton>',
        )
    )
    assert labels.declared == {'skirt': ['left']}
    (picture,) = labels.images
    assert (picture.names, picture.size) == (('a.png',), (90, 60))
    (garment,) = picture.garments
    assert garment.category == 'skirt' and garment.box is None
    assert garment.points == {
        'left': (1.5, 2.25, 2),
        'right': (3, 4, 1),
        'hem': (5, 6, 0),
    }


def test_groups_of_shapes(read):
    shapes = [
        BOX.format(1),
        point('left', group_id=1),
        BOX.format(2),
        point('left', '7,8', group_id=2, occluded=1),
        '<polygon label="skirt" points="1,2;3,4;5,6"></polygon>',
        '<tag label="indoor"></tag>',
    ]
    labels = read(image(*shapes))
    first, second = labels.images[0].garments
    assert first.box == (1, 2, 30.5, 40) and first.category == 'skirt'
    assert first.points == {'left': (1.5, 2.25, 2)}
    assert second.points == {'left': (7, 8, 1)}
    (note,) = labels.notes
    assert '1 shapes <polygon> left out' in note


def skeleton(group, label='skirt', x=3):
    points = point('left', f'{x},4', occluded=0, outside=0)
    return f'<skeleton label="{label}" group_id="{group}">{points}</skeleton>'


def test_a_skeleton_and_the_box_of_its_group(read):
    """They are one garment, whichever comes first."""
    vest = BOX.replace('skirt', 'vest').replace('30.5', '50')
    shapes = [skeleton(1), BOX.format(1), vest.format(2), skeleton(2, 'vest')]
    first, second = read(image(*shapes)).images[0].garments
    assert (first.category, first.box) == ('skirt', (1, 2, 30.5, 40))
    assert (second.category, second.box) == ('vest', (1, 2, 50, 40))
    assert first.points == second.points == {'left': (3, 4, 2)}
    # All of an outfit in one group: the labels tell.
    shapes = [vest.format(1), skeleton(1), skeleton(1, 'vest'), BOX.format(1)]
    first, second = read(image(*shapes)).images[0].garments
    assert (first.category, first.box) == ('skirt', (1, 2, 30.5, 40))
    assert (second.category, second.box) == ('vest', (1, 2, 50, 40))


@pytest.mark.parametrize(
    'shapes',
    [
        (skeleton(1), BOX.format(2)),
        (skeleton(1, 'vest'), BOX.format(1)),
        (skeleton(1), skeleton(1, x=9), BOX.format(1)),
        (skeleton(1), BOX.format(1), point('left', group_id=1)),
        (skeleton(''), BOX.format('')),
    ],
)
def test_boxes_that_are_of_no_skeleton(read, shapes):
    """Of another group or label, of either of two, of points, and without a group."""
    found = read(image(*shapes)).images[0].garments
    skeletons = sum(shape.startswith('<skeleton') for shape in shapes)
    assert [g.box for g in found] == [None] * skeletons + [(1, 2, 30.5, 40)]


@pytest.mark.parametrize(
    'rotation, box',
    [
        ('90.00', (80, 5, 120, 95)),
        ('180', (55, 30, 145, 70)),
        ('0', (55, 30, 145, 70)),
        # Half of the sides' sum times the cosine of 45 degrees, to every side.
        ('45', (54.038, 4.038, 145.962, 95.962)),
        ('315', (54.038, 4.038, 145.962, 95.962)),
    ],
)
def test_a_turned_box_gets_the_box_around_it(read, rotation, box):
    edges = 'xtl="55" ytl="30" xbr="145" ybr="70"'
    turned = f'<box label="skirt" {edges} rotation="{rotation}" group_id="1"></box>'
    for shapes in ([turned], [skeleton(1), turned]):
        (garment,) = read(image(*shapes)).images[0].garments
        assert garment.box == pytest.approx(box, abs=1e-3)


def test_several_points_in_one_shape(read):
    (garment,) = read(image(point('skirt', '1,2;3,4'))).images[0].garments
    assert garment.category == 'skirt'
    assert garment.points == {'1': (1, 2, 2), '2': (3, 4, 2)}


@pytest.mark.parametrize(
    'inner, message',
    [
        (image(BOX.format(1) * 2), 'shape 1: its group has 2 boxes'),
        (
            image(BOX.format(1), *(point('left', group_id=1) for _ in range(2))),
            "'left' is labelled twice",
        ),
        (image(BOX.format('1" rotation="x')), "rotation is 'x', not a number"),
        (
            image(skeleton(1), BOX.format(1) * 2),
            'shape 2: its group has 2 boxes; to fix it',
        ),
        (image(point('left', '1;2')), "points is '1;2', expected x,y;x,y"),
        (image(point('left', '1,nan')), "y is 'nan', not a number|y is nan"),
        (image(point('', '1,2')), "label is '', not a name"),
        ('<image id="0" width="9" height="9"></image>', 'name is None, not a name'),
        (image().replace('90', '9.5'), "width is '9.5', not a number of pixels"),
        ('<track id="0"></track>', 'tracks of a video'),
        ('<a>' * 70 + '</a>' * 70, 'nested more than 64 levels'),
        ('<image>', 'is not valid XML: mismatched tag'),
    ],
)
def test_refused(read, inner, message):
    with pytest.raises(FormatError, match=message):
        read(inner)


@pytest.mark.parametrize(
    'head',
    [
        HEAD + '<!DOCTYPE annotations>',
        HEAD + '<!DOCTYPE a [<!ENTITY b "b"><!ENTITY c "&b;&b;">]>',
        HEAD + '<!DOCTYPE a SYSTEM "file:///etc/passwd">',
    ],
)
def test_document_types_are_refused(read, head):
    """Their entities may grow without end, or name files."""
    with pytest.raises(FormatError, match='has a document type'):
        read('&c;' if 'ENTITY' in head else '', head)


def test_other_xml(tmp_path):
    path = tmp_path / 'voc.xml'
    path.write_text('<annotation></annotation>')
    with pytest.raises(FormatError, match='begins with <annotation>, expected'):
        read_cvat(path)
    path.write_bytes(b'\xff\xfe\x00')
    with pytest.raises(FormatError, match='is not valid XML'):
        read_cvat(path)


def test_bad_shapes_and_pictures_are_left_out(read):
    good = '<skeleton label="skirt">' + point('left') + '</skeleton>'
    twice = '<skeleton label="vest">' + point('left') * 2 + '</skeleton>'
    inner = image(good, twice, BOX.format(1) * 2) + '<image width="90" height="60"/>'
    labels = read(inner, skip_bad=True)
    (picture,) = labels.images
    assert [each.category for each in picture.garments] == ['skirt']
    of_twice, of_boxes, of_name = labels.notes
    assert 'shape 2: the key point' in of_twice and "'left' is labelled" in of_twice
    assert of_boxes.startswith('left out: ') and 'its group has 2 boxes' in of_boxes
    assert 'an image: name is None, not a name' in of_name
    with pytest.raises(FormatError, match='labelled twice'):
        read(inner)
