"""CVAT's XML: what belongs together, and what is refused."""

import pytest

from fashion_mmpose.errors import FormatError
from fashion_mmpose.formats.labels.tools.cvat import read_cvat

HEAD = '<?xml version="1.0" encoding="utf-8"?>\n'


@pytest.fixture
def read(tmp_path):
    def of(inner, head=HEAD):
        path = tmp_path / 'annotations.xml'
        path.write_text(f'{head}<annotations>{inner}</annotations>')
        return read_cvat(path)

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
