"""Specification sheets, and several pictures of one garment."""

import json
from dataclasses import replace

import numpy as np
import pytest

from fashion_mmpose.errors import FormatError
from fashion_mmpose.measure import Measured
from fashion_mmpose.measure.combining import combine
from fashion_mmpose.measure.specification import (
    Limit,
    Specification,
    judge,
    read_specification,
)

CSV = """garment,measurement,target,plus,minus,tolerance
vest,chest_width,50,2,1,
,sleeve,60,,,1.5
shop/a*.jpg,H1,70,1,1,
"""


def length(name, value, error=0.2, **changes) -> Measured:
    return Measured(name, 'cm', value, error, **changes)


@pytest.fixture
def limits(tmp_path):
    path = tmp_path / 'sheet.csv'
    path.write_text(CSV)
    return read_specification(path)


def verdicts(*measured, limits, category='vest', picture='shop/b.jpg') -> list:
    found = judge(measured, limits, category, picture)
    return [(each.limit.measurement, each.verdict) for each in found]


def test_a_sheet_is_read(limits, tmp_path):
    chest, sleeve, body = limits
    assert (chest.garment, chest.plus, chest.minus) == ('vest', 2, 1)
    assert (sleeve.garment, sleeve.plus, sleeve.minus) == ('', 1.5, 1.5)
    assert body.measurement == 'H1'
    path = tmp_path / 'sheet.json'
    row = dict(garment='vest', measurement='chest_width', target=50, plus=2, minus=1)
    path.write_text(json.dumps([row]))
    assert read_specification(path) == [chest]
    semicolons = tmp_path / 'german.csv'
    semicolons.write_text('﻿Garment;Measurement;Target;Tolerance\nvest;hem;51,5;1\n')
    (hem,) = read_specification(semicolons)
    assert (hem.target, hem.plus) == (51.5, 1)


@pytest.mark.parametrize(
    ('value', 'verdict'),
    [
        (50, 'PASS'),
        (51.5, 'PASS'),
        (51.9, 'UNSURE'),
        (52.6, 'FAIL'),
        (49.2, 'UNSURE'),
        (48.1, 'FAIL'),
    ],
)
def test_the_interval_decides(limits, value: float, verdict: str):
    chest = length('chest_width', value)
    assert verdicts(chest, limits=limits[:1]) == [('chest_width', verdict)]
    (found,) = judge([chest], limits[:1], 'vest')
    assert ('lies across 49 to 52 cm' in found.reason) == (verdict == 'UNSURE')


def test_what_is_not_known_is_unsure(limits):
    rows = [
        length('chest_width', 50, None, reason='the covariances are not known'),
        length('chest_width', None, None, reason='armpit_left is not there'),
        Measured('chest_width', 'px', 50.0, 0.2),
    ]
    found = [judge([row], limits[:1], 'vest')[0] for row in rows]
    assert {each.verdict for each in found} == {'UNSURE'}
    assert [each.reason for each in found] == [
        'the covariances are not known',
        'armpit_left is not there',
        'nothing tells centimetres',
    ]
    (lost,) = judge([], limits[:1], 'vest')
    assert lost.measured is None and 'is not measured on a vest' in lost.reason


def test_rows_are_for_garments_pictures_and_both_sides(limits):
    sleeves = length('sleeve_left', 60), length('sleeve_right', 63)
    coded = length('body_length', 70, code='H1')
    assert verdicts(*sleeves, limits=limits[1:2]) == [
        ('sleeve', 'PASS'),
        ('sleeve', 'FAIL'),
    ]
    assert verdicts(coded, limits=limits[2:]) == []
    assert verdicts(coded, limits=limits[2:], picture='shop/a1.jpg') == [('H1', 'PASS')]
    assert (
        verdicts(length('chest_width', 50), limits=limits[:1], category='skirt') == []
    )


def test_a_pictures_name_may_have_brackets():
    limits = [Limit('a[1].jpg', 'hem', 50, 1, 1)]
    hem = length('hem', 50)
    for picture, number in {'a[1].jpg': 1, 'a1.jpg': 1, 'a2.jpg': 0}.items():
        assert len(verdicts(hem, limits=limits, picture=picture)) == number


def test_a_pattern_is_no_category():
    limits = [Limit('vest_*', 'hem', 50, 1, 1), Limit('Vest', 'hem', 60, 1, 1)]
    hem = length('hem', 50)
    assert verdicts(hem, limits=limits) == [('hem', 'FAIL')]
    assert verdicts(hem, limits=limits, picture='vest_1.jpg') == [
        ('hem', 'PASS'),
        ('hem', 'FAIL'),
    ]


def test_a_sheet_for_many_pictures_finds_its_rows():
    limits = [Limit(f'{i}.jpg', 'hem', float(i), 1, 1) for i in range(5000)]
    limits.insert(2000, Limit('1*.jpg', 'hem', 9, 1, 1))
    sheet = Specification(limits)
    hem = length('hem', 1999)
    found = judge([hem], sheet, 'vest', '1999.jpg')
    assert [each.limit.target for each in found] == [1999, 9]
    assert found == judge([hem], limits, 'vest', '1999.jpg')
    # A frame may be named, and its video.
    assert judge([hem], sheet, 'vest', ('1.jpg#7', '1.jpg'))[0].limit.target == 1


def test_rows_without_anything_are_left_out(tmp_path):
    path = tmp_path / 'sheet.csv'
    path.write_text('measurement;target;tolerance\nhem;5;1\n;;\n ; ;\nhem;6;x\n')
    with pytest.raises(FormatError, match="row 5: plus: 'x'"):
        read_specification(path)
    path.write_text('measurement;target;tolerance\nhem;5;1;;\n;;\n;;;;\n')
    assert [limit.target for limit in read_specification(path)] == [5]
    path.write_text('\r\nmeasurement;target;tolerance\r\n\r\nhem;5;1\r\n\r\nhem;6;x')
    with pytest.raises(FormatError, match="row 6: plus: 'x'"):
        read_specification(path)


@pytest.mark.parametrize(
    ('text', 'message'),
    [
        ('garment,measurement,target\nvest,hem,5\n', 'row 2 has no tolerance'),
        ('measurement,target,tolerance\nhem,wide,1\n', "target: 'wide' is no number"),
        ('measurement,target,tolerance\nhem,5,-1\n', "plus: '-1' is no number"),
        ('measurement,goal,tolerance\nhem,5,1\n', "unknown column 'goal'"),
        ('target,tolerance\n5,1\n', 'names no measurement'),
        ('measurement,target,tolerance\n ,5,1\n', 'names no measurement'),
        ('measurement,target,tolerance\n', 'has no row'),
        ('', 'has no row'),
        ('measurement,target,tolerance\nhem\n', 'row 2 has no tolerance'),
        (
            'measurement,target,tolerance\nhem,5,0,5\n',
            'row 2 has more cells than there are columns; to fix it: write decimals',
        ),
        (
            'measurement,target,tolerance,Target ,tolerance\nhem,50,1,54,1\n',
            "has the column 'target' twice; to fix it: write one sheet for each size",
        ),
    ],
)
def test_wrong_sheets_are_refused(tmp_path, text: str, message: str):
    path = tmp_path / 'sheet.csv'
    path.write_text(text)
    with pytest.raises(FormatError, match=message):
        read_specification(path)


def test_a_json_that_is_no_list_is_refused(tmp_path):
    path = tmp_path / 'sheet.json'
    path.write_text('{"measurement": "hem"}')
    with pytest.raises(FormatError, match='no list of limits'):
        read_specification(path)


def test_pictures_count_by_their_errors():
    first = [length('hem', 50, 0.3), length('rise', None, None, reason='no crotch')]
    second = [length('hem', 50.4, 0.4), length('rise', 30, 0.5)]
    hem, rise = combine([first, second])
    weights = np.array([0.3, 0.4]) ** -2.0
    assert hem.value == pytest.approx(weights @ [50, 50.4] / weights.sum())
    assert hem.error == pytest.approx(weights.sum() ** -0.5)
    assert (rise.value, rise.error) == (30, 0.5)


def test_pictures_that_differ_have_a_larger_error():
    (hem,) = combine([[length('hem', 48, 0.1)], [length('hem', 52, 0.1)]])
    assert hem.value == pytest.approx(50)
    assert hem.error == pytest.approx(2, rel=1e-3)


def test_what_pictures_have_alike_does_not_get_less_by_their_number():
    shown = [length('hem', 50, 0.5, shared_error=0.4)] * 9
    (hem,) = combine([[each] for each in shown])
    assert hem.error == pytest.approx(np.hypot(0.3 / 3, 0.4))
    # Pictures that differ by more than their own errors say so, too.
    apart = [length('hem', 50 + i, 0.5, shared_error=0.4) for i in (-1, 1)]
    (hem,) = combine([[each] for each in apart])
    assert hem.error == pytest.approx(np.hypot(1, 0.4))
    unknown = [length('hem', 50 + i, None, shared_error=0.4) for i in (-1, 1)]
    (hem,) = combine([[each] for each in unknown])
    assert hem.error == pytest.approx(np.hypot(1, 0.4))


def test_the_longest_tails_stay():
    absent = Measured('hem', 'cm', reason='gone')
    few, many = (
        Measured('hem', 'cm', 50.0, 0.3, dof=dof, probability=0.9) for dof in (3.5, 9)
    )
    (hem,) = combine([[absent], [many], [few]])
    assert hem.dof == 3.5 and hem.probability is None


def test_pictures_without_errors_have_that_of_their_mean():
    (hem,) = combine([[length('hem', 48 + i, None, reason='?')] for i in range(3)])
    assert hem.value == 49
    assert hem.error == pytest.approx(1 / 3**0.5)
    assert hem.dof == 2  # of three pictures
    (one,) = combine([[length('hem', 48, None, reason='why')]])
    assert (one.value, one.error, one.reason) == (48, None, 'why')


def test_centimetres_go_before_pixels():
    (hem,) = combine([[Measured('hem', 'px', 400.0, 1.0)], [length('hem', 50, 0.3)]])
    assert (hem.unit, hem.value) == ('cm', 50)
    absent = Measured('hem', 'px', reason='gone')
    (lost,) = combine([[absent], [absent]])
    assert lost.value is None and lost.reason == 'gone'


def test_a_length_is_there_in_any_order_of_the_pictures():
    absent, there = length('hem', None, None, reason='gone'), Measured('hem', 'px', 200)
    for pictures in ([[absent], [there]], [[there], [absent]]):
        (hem,) = combine(pictures)
        assert (hem.unit, hem.value) == ('px', 200)


def test_ratios_to_different_lengths_have_no_mean():
    """A picture that does not show the hem compares with the width of the neck."""
    whole = Measured('chest', 'px', 200.0, ratio=0.5, ratio_to='body_length')
    cropped = Measured('chest', 'px', 200.0, ratio=2.5, ratio_to='neck_width')
    absent = Measured('chest', 'px', reason='gone')
    for pictures in ([absent, whole, cropped, cropped], [cropped, whole]):
        (chest,) = combine([[each] for each in pictures])
        assert (chest.ratio, chest.ratio_to) == (0.5, 'body_length')
    (chest,) = combine([[cropped], [cropped]])
    assert (chest.ratio, chest.ratio_to) == (2.5, 'neck_width')
    (chest,) = combine([[absent], [replace(whole, ratio=None, ratio_to='')]])
    assert (chest.ratio, chest.ratio_to) == (None, '')
