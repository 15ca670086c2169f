"""Names of tools against those of a benchmark."""

import json

import pytest

from fashion_mmpose import garments
from fashion_mmpose.errors import FormatError
from fashion_mmpose.formats.category_names import category_named, plain
from fashion_mmpose.formats.labels.matching import Matcher, NameMap, read_name_map

FASHIONAI = garments.benchmark('fashionai')
DEEPFASHION2 = garments.benchmark('deepfashion2')
SKIRT = FASHIONAI.garments['skirt']


@pytest.mark.parametrize(
    'name, category',
    [
        ('skirt', 'skirt'),
        ('Long-Sleeved Dress', 'long_sleeved_dress'),
        ('short sleeve top', 'short_sleeved_shirt'),
        ('LONG SLEEVE OUTWEAR', 'long_sleeved_outwear'),
        ('vest', 'vest'),
        ('vest dress', 'vest_dress'),
        ('skirts', None),
        ('', None),
    ],
)
def test_categories(name, category):
    found = category_named(DEEPFASHION2, name)
    assert (found and found.name) == category


def test_names_that_differ_in_a_sign_are_two():
    rows = {name: ['left', 'right'] for name in ('dress', 'dress+', 'A-line', 'A line')}
    own = garments.benchmark_from(dict(name='mine', categories=rows))
    for name in rows:
        assert category_named(own, name).name == name
    assert category_named(own, 'DRESS+').name == 'dress+'
    assert category_named(own, 'dress ').name == 'dress'


@pytest.mark.parametrize('key', ['categories', 'keypoints'])
def test_names_alike_that_stand_for_two_are_refused(tmp_path, key):
    first, second = dict(
        categories=('dress', 'skirt'), keypoints=('crotch', 'armpit_left')
    )[key]
    path = tmp_path / 'names.json'
    path.write_text(json.dumps({key: {'A-line': first, 'a line': first}}))
    read_name_map(path, FASHIONAI)
    for other in (second, None):
        path.write_text(json.dumps({key: {'A-line': first, 'a line': other}}))
        message = f"{key}: 'a line' differs in its writing only .* stands for '{first}'"
        with pytest.raises(FormatError, match=message):
            read_name_map(path, FASHIONAI)


def test_two_categories_that_are_one_agree_on_its_points(tmp_path):
    path = tmp_path / 'names.json'
    content = dict(categories={'Rock': 'skirt', 'Jupe': 'skirt'})
    rows = {'Rock': {'links': 'waistband_left'}, 'Jupe': {'droite': 'hemline_right'}}
    path.write_text(json.dumps(content | dict(keypoints=rows)))
    names = read_name_map(path, FASHIONAI).keypoints['skirt']
    assert names == {'links': 'waistband_left', 'droite': 'hemline_right'}
    rows['Jupe']['Links'] = 'hemline_left'
    path.write_text(json.dumps(content | dict(keypoints=rows)))
    message = "'Jupe': 'links' stands for 'hemline_left', and for 'waistband_left' in"
    with pytest.raises(FormatError, match=message):
        read_name_map(path, FASHIONAI)


def test_vowels_that_are_marks_tell_names(tmp_path):
    kurta, kurti = 'कुर्ता', 'कुर्ती'
    own = garments.benchmark_from(
        dict(name='mine', categories={kurta: ['left', 'right'], kurti: ['hem']})
    )
    assert category_named(own, f'{kurti} ').name == kurti
    # A letter with its mark, in one sign and in two, is one name.
    assert plain('A\u0308rmel') == plain('ärmel')
    path = tmp_path / 'names.json'
    path.write_text(json.dumps(dict(categories={kurta: 'outwear', kurti: 'dress'})))
    matcher = Matcher(FASHIONAI, read_name_map(path, FASHIONAI))
    assert [matcher.category(name).name for name in (kurta, kurti)] == [
        'outwear',
        'dress',
    ]


def test_raw_names_are_of_their_benchmark_alone():
    assert category_named('fashionai', 'short sleeve top') is None
    raw = {'top', 'outwear', 'dress'}
    names = [f'{kind} sleeve {what}' for kind in ('short', 'long') for what in raw]
    assert all(category_named('deepfashion2', name) for name in names)


def test_places_of_points():
    matcher = Matcher(FASHIONAI, NameMap())
    names = ['Hemline Right', 'waistband-left', 'button', 'crotch']
    assert matcher.places(SKIRT, names) == {
        'Hemline Right': 3,
        'waistband-left': 0,
        'button': None,
        'crotch': None,
    }
    assert matcher.is_known('crotch') and not matcher.is_known('button')
    with pytest.raises(FormatError, match="'hemline_left' and 'Hemline Left' both"):
        matcher.places(SKIRT, ['hemline_left', 'Hemline Left'])


def test_points_that_differ_in_case_are_two(mapping):
    names = ['A', 'a', 'b-1', 'b_1']
    own = garments.benchmark_from(dict(name='mine', categories=dict(dress=names)))
    (dress,) = own.garments.values()
    places = {name: place for place, name in enumerate(names)}
    assert Matcher(own, NameMap()).places(dress, names) == places
    mapped = mapping(dict(keypoints={'first': 'A', 'second': 'a', 'B 1': 'b_1'}), own)
    found = mapped.places(dress, ['second', 'first', 'B 1'])
    assert found == {'second': 1, 'first': 0, 'B 1': 3}


def test_numbered_points():
    """Numbers count the category's own key points, or all of the benchmark."""
    matcher = Matcher(DEEPFASHION2, NameMap())
    vest = DEEPFASHION2.garments['vest']
    own = [str(i) for i in range(1, 16)]
    assert matcher.places(vest, own) == {name: i for i, name in enumerate(own)}
    places = matcher.places(vest, [str(i) for i in range(1, 295)])
    first = vest.channels[0]
    assert places[str(first + 1)] == 0 and places[str(first)] is None
    assert sum(place is not None for place in places.values()) == 15
    assert set(matcher.places(vest, ['1', '2', '3']).values()) == {None}


@pytest.fixture
def mapping(tmp_path):
    def read(content, benchmark=FASHIONAI):
        path = tmp_path / 'names.json'
        path.write_text(json.dumps(content))
        return Matcher(benchmark, read_name_map(path, benchmark))

    return read


def test_mapped_names(mapping):
    matcher = mapping(
        dict(
            categories={'Rock': 'skirt', 'Schuh': None},
            keypoints={
                'BL': 'waistband_left',
                'Rock': {'s': 'hemline_left', 'x': None},
            },
        )
    )
    assert matcher.category('rock') is SKIRT and matcher.category('skirt') is SKIRT
    assert matcher.is_dropped('Schuh') and not matcher.is_dropped('Hut')
    assert matcher.places(SKIRT, ['BL', 's', 'x']) == {'BL': 0, 's': 2, 'x': None}
    assert matcher.is_dropped_point(SKIRT, 'x')
    blouse = FASHIONAI.garments['blouse']
    assert matcher.places(blouse, ['s']) == {'s': None}
    assert not matcher.is_dropped_point(blouse, 'x')


def test_numbered_points_are_mapped_too(mapping):
    """Also to null, whether of one category or of all."""
    own = ['1', '2', '3', '4']
    for content in ({'2': None}, {'skirt': {'2': None}}):
        matcher = mapping(dict(keypoints=content))
        assert matcher.places(SKIRT, own) == {'1': 0, '2': None, '3': 2, '4': 3}
    matcher = mapping(dict(keypoints={'skirt': {'2': 'hemline_right', '4': None}}))
    assert matcher.places(SKIRT, own) == {'1': 0, '2': 3, '3': 2, '4': None}


@pytest.mark.parametrize(
    'content, message',
    [
        ([], 'must be a mapping with categories, keypoints or both'),
        (dict(category={}), 'must be a mapping with categories'),
        (dict(categories=[]), 'must be a mapping|categories must be'),
        (dict(categories={'Rock': 'skrt'}), "'skrt' is no category.*similar: skirt"),
        (dict(keypoints={'b': 'waistband'}), "'waistband' is no key point"),
        (dict(keypoints={'Hut': {'a': None}}), 'fashionai has no such category'),
        (dict(keypoints={'skirt': {'a': 'crotch'}}), "'crotch' is no key point"),
    ],
)
def test_bad_mappings(mapping, content, message):
    with pytest.raises(FormatError, match=message):
        mapping(content)
