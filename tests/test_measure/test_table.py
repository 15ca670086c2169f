"""What is measured: the table of both benchmarks, and descriptions."""

import json

import numpy as np
import pytest

from fashion_mmpose import garments
from fashion_mmpose.errors import FormatError
from fashion_mmpose.measure import measures_of
from fashion_mmpose.measure.paths import length_of, path_of, smooth

HATS = dict(
    name='hats',
    categories=dict(cap=['brim_left', 'brim_right', 'top'], scarf=['end', 'fringe']),
)


def path(benchmark: str, category: str, name: str) -> list[tuple[str, ...]]:
    kind = garments.garment(benchmark, category)
    (found,) = (each for each in measures_of(kind) if each.name == name)
    return [tuple(kind.keypoints[i] for i in place) for place in found.places]


def numbers(category: str, name: str) -> list[tuple[int, ...]]:
    """Landmarks of DeepFashion2 as its figure numbers them."""
    found = path('deepfashion2', category, name)
    return [tuple(int(p.rpartition('kpt')[2]) for p in place) for place in found]


def every_measure():
    for benchmark in garments.BENCHMARKS:
        for kind in garments.benchmark(benchmark).garments.values():
            for measure in measures_of(kind):
                yield kind, measure


def test_deepfashion2_landmarks_are_those_of_the_figure():
    assert numbers('short_sleeved_shirt', 'shoulder_width') == [(7,), (25,)]
    assert numbers('short_sleeved_shirt', 'chest_width') == [(12,), (20,)]
    assert numbers('long_sleeved_shirt', 'sleeve_length_right') == [
        (33,),
        (32,),
        (31,),
        (30,),
        (29,),
    ]
    assert numbers('short_sleeved_outwear', 'neck_width') == [(4,), (6,)]
    assert numbers('long_sleeved_outwear', 'body_length') == [(2, 6), (20, 37)]
    assert numbers('trousers', 'inseam_left') == [(9,), (8,), (7,)]
    assert numbers('trousers', 'thigh_width_right') == [(9,), (14,)]
    assert numbers('skirt', 'skirt_length') == [(2,), (6,)]
    assert numbers('sling_dress', 'strap_right') == [(6,), (19,)]


def test_fashionai_landmarks_go_by_their_names():
    assert path('fashionai', 'dress', 'waist_girth') == [
        ('waistline_left',),
        ('waistline_right',),
    ]
    assert path('fashionai', 'trousers', 'rise') == [
        ('waistband_left', 'waistband_right'),
        ('crotch',),
    ]
    assert path('fashionai', 'outwear', 'side_seam_right') == [
        ('armpit_right',),
        ('waistline_right',),
        ('top_hem_right',),
    ]


def test_all_categories_have_what_they_are_bought_by():
    needed = {
        'tops': {'shoulder_width', 'chest_width', 'hem_width', 'body_length'},
        'bottoms': {'waist_width', 'waist_girth'},
    }
    for benchmark in garments.BENCHMARKS:
        for kind in garments.benchmark(benchmark).garments.values():
            names = {measure.name for measure in measures_of(kind)}
            if kind.name in ('skirt', 'trousers', 'shorts'):
                assert names >= needed['bottoms']
            elif kind.name.startswith('sling'):
                assert names >= {'strap_left', 'chest_width', 'body_length'}
            else:
                assert names >= needed['tops']


def test_left_and_right_are_mirror_images():
    for kind, measure in every_measure():
        mirrored = tuple(tuple(kind.flip[i] for i in p) for p in measure.places)
        other = measure.name.replace('_left', '_right')
        if other == measure.name:
            # Across the garment and back, or down its middle.
            assert {frozenset(p) for p in mirrored} == {
                frozenset(p) for p in measure.places
            } or '_right' in measure.name
        else:
            (twin,) = (each for each in measures_of(kind) if each.name == other)
            assert twin.places == mirrored


def test_names_are_unique_and_girths_are_doubled_widths():
    for kind, measure in every_measure():
        names = [each.name for each in measures_of(kind)]
        assert len(set(names)) == len(names)
        if measure.times == 2:
            flat = measure.name.replace('girth', 'width')
            (width,) = (each for each in measures_of(kind) if each.name == flat)
            assert width.places == measure.places and width.times == 1


def test_a_path_of_middles_and_a_doubled_length():
    kind = garments.garment('fashionai', 'skirt')
    points = np.zeros((4, 2))
    names = kind.keypoints
    points[names.index('waistband_left')] = 10, 0
    points[names.index('waistband_right')] = 30, 0
    points[names.index('hemline_left')] = 0, 40
    points[names.index('hemline_right')] = 40, 40
    lengths = {each.name: length_of(points, each) for each in measures_of(kind)}
    assert lengths['skirt_length'] == 40
    assert lengths['hem_width'] == 40 and lengths['hem_girth'] == 80
    assert lengths['side_seam_left'] == pytest.approx(np.hypot(10, 40))


def test_a_seam_is_a_smooth_curve_through_its_places():
    turn = np.linspace(0, np.pi / 2, 5)
    arc = 10 * np.column_stack((np.cos(turn), np.sin(turn)))
    curve = smooth(arc)
    for place in arc:
        assert np.abs(curve - place).sum(axis=1).min() < 1e-9
    length = np.linalg.norm(np.diff(curve, axis=0), axis=1).sum()
    chords = np.linalg.norm(np.diff(arc, axis=0), axis=1).sum()
    assert chords < length < 5 * np.pi
    assert length == pytest.approx(5 * np.pi, rel=5e-3)
    line = np.array([(0.0, 0.0), (3.0, 0.0), (4.0, 0.0)])
    straight = smooth(line)
    assert np.ptp(straight[:, 1]) == 0
    assert np.diff(straight[:, 0]).min() > 0


def test_a_description_names_measurements():
    cap = {
        'brim': ['brim_left', 'brim_right'],
        'height': {'path': [['brim_left', 'brim_right'], 'top'], 'code': 'H1'},
        'round': {'path': ['brim_left', 'top', 'brim_right'], 'curve': True},
        'girth': {'path': ['brim_left', 'brim_right'], 'double': True},
        'tip': ['end', 'fringe'],
    }
    benchmark = garments.benchmark_from(dict(HATS, measurements=cap))
    measures = {each.name: each for each in measures_of(benchmark.garments['cap'])}
    assert list(measures) == ['brim', 'height', 'round', 'girth']
    assert measures['height'].places == ((0, 1), (2,))
    assert measures['height'].code == 'H1'
    assert measures['round'].is_curved and not measures['brim'].is_curved
    assert measures['girth'].times == 2
    assert [each.name for each in measures_of(benchmark.garments['scarf'])] == ['tip']
    points = np.array([(0.0, 0), (10, 0), (5, 7)])
    assert length_of(points, measures['girth']) == 20
    assert path_of(points, measures['height']).tolist() == [[5, 0], [5, 7]]


def test_a_description_with_measurements_is_described_again():
    cap = dict(keypoints=['a', 'b', 'c'], measurements={'w': [['a', 'b'], 'c']})
    benchmark = garments.benchmark_from(dict(name='hats', categories=dict(cap=cap)))
    described = json.loads(json.dumps(garments.describe(benchmark)))
    assert garments.benchmark_from(described) == benchmark
    plain = garments.describe(garments.benchmark_from(HATS))
    assert all('measurements' not in row for row in plain['categories'])


@pytest.mark.parametrize(
    ('measurements', 'message'),
    [
        ({'w': ['brim_left']}, 'no path of two or more key points'),
        ({'w': ['brim_left', 'brimright']}, "did you mean 'brim_right'"),
        ({'w': {'points': ['brim_left', 'top']}}, 'unknown key'),
        ({'w': {'path': ['brim_left', 'top'], 'double': 2}}, 'not true or false'),
        ({'w': {'path': ['brim_left', 'top'], 'code': 7}}, 'is not text'),
        ([['w', 'brim_left', 'top']], 'no mapping of measurements'),
        ([{'path': ['brim_left', 'top']}], 'no name of a measurement'),
    ],
)
def test_wrong_descriptions_are_refused(measurements, message: str):
    with pytest.raises(FormatError, match=message):
        garments.benchmark_from(dict(HATS, measurements=measurements))
