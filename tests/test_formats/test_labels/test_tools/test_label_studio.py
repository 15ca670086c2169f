"""Label Studio's JSON: whose a key point is, per cent, and what is refused."""

import json

import pytest

from fashion_mmpose.errors import FormatError
from fashion_mmpose.formats.labels.tools.label_studio import read_label_studio

SIZE = dict(original_width=200, original_height=50, image_rotation=0)


def box(region='r', x=10, label='skirt', **changes):
    value = dict(x=x, y=20, width=30, height=40, rotation=0, rectanglelabels=[label])
    return dict(SIZE, id=region, type='rectanglelabels', value=value | changes)


def key(label='left', x=15, region='k', **changes):
    value = dict(x=x, y=30, width=0.5, keypointlabels=[label])
    return dict(SIZE, id=region, type='keypointlabels', value=value) | changes


def task(*results, **changes):
    return dict(
        dict(
            id=7,
            data=dict(image='/data/upload/3/ab12cd34-a.png'),
            annotations=[dict(result=list(results), was_cancelled=False)],
        ),
        **changes,
    )


@pytest.fixture
def read(tmp_path):
    def of(*tasks, **options):
        path = tmp_path / 'export.json'
        path.write_text(json.dumps(tasks))
        return read_label_studio(path, **options)

    return of


def garments_of(labels):
    return labels.images[0].garments


def test_pixels_of_per_cent(read):
    labels = read(task(box(), key()))
    assert labels.images[0].size == (200, 50)
    (garment,) = garments_of(labels)
    assert garment.category == 'skirt' and garment.box == pytest.approx(
        (20, 10, 80, 30)
    )
    assert garment.points == {'left': pytest.approx((30, 15, 2))}


def test_regions_without_a_size_are_not_passed_over(read):
    bare = task(box(), key())
    for entry in bare['annotations'][0]['result']:
        del entry['original_width'], entry['original_height']
    with pytest.raises(FormatError, match='give each original_width'):
        read(task(box(), key()), bare)
    assert read(task()).images[0].size is None  # nothing is labelled in it


def test_a_turned_rectangle_gets_the_box_around_it(read):
    (garment,) = garments_of(read(task(box(rotation=90))))
    # 60 x 20 px, turned to the right about the corner at 20, 10.
    assert garment.box == pytest.approx((0, 10, 20, 70))


@pytest.mark.parametrize(
    'link, names',
    [
        ('/data/upload/3/ab12cd34-a.png', ['ab12cd34-a.png', 'a.png']),
        ('/data/local-files/?d=shop/a%20b.png', ['shop/a b.png', 'a b.png']),
        ('https://host/x/a.png?sig=1', ['x/a.png', 'a.png']),
        ('s3://bucket/shop/a.png', ['shop/a.png', 'a.png']),
    ],
)
def test_names_of_pictures(read, link, names):
    found = read(task(box(), data=dict(image=link))).images[0].names
    assert list(found)[-len(names) :] == names


@pytest.mark.parametrize(
    'data, name',
    [
        (dict(sku='A-17', photo='s3://bucket/shop/a.PNG'), 'shop/a.PNG'),
        (dict(sku='A-17', photo='/data/local-files/?d=shop/a.jpg'), 'shop/a.jpg'),
        (dict(note='see //[a', photo='https://host/a.webp?sig=1'), 'a.webp'),
        (dict(note='//[a', photo='shop/a.webp'), 'shop/a.webp'),
        (dict(photo='https://host/a.jpg', image='https://host/b'), 'b'),
        (dict(number=3, photo='https://host/photos/17'), 'photos/17'),
        (dict(photo='//[a'), '[a'),
    ],
)
def test_the_picture_among_other_data(read, data, name):
    """A key that says so goes first, then what ends like a picture, then any text."""
    assert read(task(box(), data=data)).images[0].names[0] == name


def test_whose_a_key_point_is(read):
    """The parent's, that of a relation, or of the only rectangle around it."""
    boxes = box('r', 10, 'skirt'), box('s', 12, 'vest')
    child = read(task(*boxes, key(parentID='s')))
    assert [g.points != {} for g in garments_of(child)] == [False, True]
    relation = dict(type='relation', from_id='k', to_id='r', direction='right')
    joined = read(task(*boxes, key(), relation))
    assert [g.points != {} for g in garments_of(joined)] == [True, False]
    inside = read(task(*boxes, key(x=11)))
    assert [g.points != {} for g in garments_of(inside)] == [True, False]
    with pytest.raises(FormatError, match='region k: the key point may be of 2 rect'):
        read(task(*boxes, key(x=15)))
    with pytest.raises(FormatError, match='may be of 0 rectangles'):
        read(task(*boxes, key(x=90)))
    (garment,) = garments_of(read(task(key())))
    assert garment.category is None and garment.box is None


def test_occluded_by_a_choice(read):
    choice = dict(SIZE, id='k', type='choices', value=dict(choices=['Occluded']))
    (garment,) = garments_of(read(task(box(), key(), choice)))
    assert garment.points['left'][2] == 1


def test_which_annotation_counts(read):
    first = dict(result=[box(label='vest')], was_cancelled=False)
    truth = dict(result=[box(label='sling')], ground_truth=True)
    cancelled = dict(result=[box()], was_cancelled=True)
    labels = read(task(annotations=[cancelled, first, truth]), task(annotations=[]))
    assert [g.category for g in garments_of(labels)] == ['sling']
    assert len(labels.images) == 1
    assert '1 tasks without annotation left out' in labels.notes[0]
    assert '1 tasks have several annotations' in labels.notes[1]


def test_other_results_are_counted(read):
    others = [dict(id='p', type='polygonlabels', value=dict(points=[])), 5]
    labels = read(task(box(), key(), *others))
    assert len(garments_of(labels)) == 1
    assert [note.partition(': ')[2] for note in labels.notes] == [
        '1 results of the type polygonlabels left out: they hold no key points',
        '1 results of the type ? left out: they hold no key points',
    ]


@pytest.mark.parametrize(
    'wrong, message',
    [
        (
            dict(id=7, annotation_id=1, image='a.png'),
            'task 7 has no annotations.*JSON-M',
        ),
        (task(box(), key(), key()), "'left' is labelled twice|has the labels"),
        (task(box(rectanglelabels=7)), r'has the labels \[\], expected one'),
        (task(box(rectanglelabels=['a', 'b'])), "has the labels .'a', 'b'., expected"),
        (task(box(label='')), "label is '', not a name"),
        (task(box(x='ten')), "x is 'ten', not a number"),
        (task(box(), dict(key(), original_width=9)), 'its regions are of pictures of'),
        (task(dict(box(), image_rotation=90)), 'the picture was turned in the tool'),
        (task(box(), data={}), 'its picture is None'),
        (task(annotations=[dict(results=[])]), 'annotations must be a list, each with'),
    ],
)
def test_refused(read, wrong, message):
    with pytest.raises(FormatError, match=message):
        read(wrong)


def test_bad_tasks_are_left_out(read):
    twice = task(box(), key(), key(region='l'), dict(type='brush', id='m'), id=8)
    labels = read(twice, task(box(), key()), skip_bad=True)
    assert [each.where[-6:] for each in labels.images] == ['task 7']
    (note,) = labels.notes  # nothing of the task that is left out is told besides
    assert note.startswith('left out: ') and 'task 8: region l: the key point' in note
    with pytest.raises(FormatError, match='labelled twice'):
        read(twice)
