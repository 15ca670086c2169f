"""Benchmarks that users describe: what is derived, and what is refused and why."""

import builtins
import dataclasses
import json
from pathlib import Path

import pytest

from fashion_mmpose import garments
from fashion_mmpose.errors import FormatError
from fashion_mmpose.garments.descriptions.definition import default_ring

HATS = dict(
    name='hats',
    categories=dict(
        cap=['top', 'crown_left', 'crown_right', 'brim_left', 'brim_right', 'peak'],
        beanie=['top', 'edge_left', 'edge_right'],
    ),
)
HATS_YAML = """\
name: hats
categories:
  cap: [top, crown_left, crown_right, brim_left, brim_right, peak]
  beanie: [top, edge_left, edge_right]
"""


def with_category(**row) -> dict:
    return dict(name='hats', categories=dict(cap=row))


def test_shortest_description():
    hats = garments.benchmark_from(HATS)
    assert hats.name == 'hats' and list(hats.garments) == ['cap', 'beanie']
    assert hats.keypoints == (*HATS['categories']['cap'], 'edge_left', 'edge_right')
    cap, beanie = hats.garments.values()
    assert (cap.category_id, beanie.category_id) == (1, 2)
    assert cap.channels == (0, 1, 2, 3, 4, 5)
    assert beanie.channels == (0, 6, 7)  # they share the top
    assert cap.flip == (0, 2, 1, 4, 3, 5)
    assert cap.links == ((0, 1), (1, 3), (3, 5), (5, 4), (4, 2), (2, 0))
    assert beanie.sigmas == (garments.DEFAULT_SIGMA,) * 3
    assert cap.normalizer is None


def test_all_settings():
    hats = garments.benchmark_from(
        dict(
            name='hats',
            categories=dict(
                cap=dict(
                    keypoints=['a', 'b', 'top'], sigmas=[0.1, 0.1, 0.05], outline=[]
                ),
                beanie=dict(
                    keypoints=['a', 'c', 'b'],
                    outline=[['a', 'b', 'c', 'a'], ('c', 'b')],
                    normalizer=None,
                ),
            ),
            mirrors=[['b', 'a']],
            sigmas=dict(a=0.1, b=0.1),
            outline=['top', 'a', 'b', 'c'],
            normalizer=['a', 'b'],
        )
    )
    cap, beanie = hats.garments.values()
    assert cap.flip == (1, 0, 2) and beanie.flip == (2, 1, 0)
    assert cap.links == ()
    assert beanie.links == ((0, 2), (2, 1), (1, 0))
    assert cap.sigmas == (0.1, 0.1, 0.05)
    assert beanie.sigmas == (0.1, garments.DEFAULT_SIGMA, 0.1)
    assert cap.normalizer == (0, 1) and beanie.normalizer is None


def test_shared_outline_leaves_out_what_a_category_has_not():
    ring = ['crown_left', 'top', 'edge_right', 'edge_left']
    hats = garments.benchmark_from(HATS | dict(outline=ring))
    assert hats.garments['cap'].links == ((1, 0),)
    # Closed, though its first point is the cap's.
    assert hats.garments['beanie'].links == ((0, 2), (2, 1), (1, 0))


@pytest.mark.parametrize('name', garments.BENCHMARKS)
def test_describing_the_built_in_ones(name: str):
    known = garments.benchmark(name)
    again = garments.benchmark_from(garments.describe(known) | dict(name='other'))
    assert list(again.garments) == list(known.garments)
    assert again.keypoints == known.keypoints
    for category, garment in again.garments.items():
        expected = known.garments[category]
        assert garment == dataclasses.replace(expected, dataset='other')


def test_description_makes_the_same_benchmark_again():
    hats = garments.benchmark_from(HATS)
    description = json.loads(json.dumps(garments.describe(hats)))
    assert garments.benchmark_from(description) == hats


@pytest.mark.parametrize(
    'names, flip, ring',
    [
        pytest.param('a', [0], [0], id='point'),
        pytest.param('abc', [0, 2, 1], [0, 1, 2], id='triangle'),
        pytest.param('abc', [0, 1, 2], [0, 1, 2], id='no mirrors'),
        pytest.param('abcde', [4, 3, 2, 1, 0], [0, 1, 2, 3, 4], id='around'),
        pytest.param('abcdef', [1, 0, 5, 4, 3, 2], [0, 1, 2, 3, 4, 5], id='shifted'),
        pytest.param('abcd', [1, 0, 3, 2], [0, 2, 3, 1], id='in pairs'),
        pytest.param('abcdef', [0, 2, 1, 4, 3, 5], [0, 1, 3, 5, 4, 2], id='and axis'),
        pytest.param(
            ['top_left', 'top_right', 'hem_right', 'hem_left'],
            [1, 0, 3, 2],
            [0, 3, 2, 1],
            id='named sides',
        ),
    ],
)
def test_default_ring(names, flip, ring):
    assert default_ring(names, flip) == ring


@pytest.mark.parametrize(
    'name, mirror',
    [
        ('brim_left', 'brim_right'),
        ('left ear', 'right ear'),
        ('Right-Ear', 'Left-Ear'),
        ('brimLeft2', 'brimRight2'),
        ('BRIM_RIGHT', 'BRIM_LEFT'),
        ('bright_cleft', 'bright_cleft'),
        ('top', 'top'),
    ],
)
def test_mirror_names(name: str, mirror: str):
    assert garments.mirror_name(name) == mirror
    assert garments.mirror_name(mirror) == name


@pytest.mark.parametrize(
    'description, message',
    [
        pytest.param([], r'source: \[\] is no mapping of name, categories', id='list'),
        pytest.param(dict(name='hats'), "lacks the key 'categories'", id='lacks'),
        pytest.param(
            HATS | dict(normaliser=['top', 'peak']),
            "unknown key 'normaliser'; did you mean 'normalizer'?",
            id='unknown key',
        ),
        pytest.param(
            HATS | dict(name='fashionai'), 'built-in benchmark', id='built-in'
        ),
        pytest.param(
            HATS | dict(name='../hats'), 'part of file names', id='name with a path'
        ),
        pytest.param(HATS | dict(name=''), "name: '' is no name", id='empty name'),
        pytest.param(
            dict(name='hats', categories={}), 'categories must map', id='no categories'
        ),
        pytest.param(
            dict(name='hats', categories=['cap']),
            "categories: 'cap' is no mapping of name, keypoints",
            id='list of names',
        ),
        pytest.param(
            dict(name='hats', categories=[dict(keypoints=['top'])]),
            'categories: None is no name',
            id='list without names',
        ),
        pytest.param(
            dict(name='hats', categories=[dict(name='cap', keypoints=['top'])] * 2),
            "categories has 'cap' twice",
            id='double category',
        ),
        pytest.param(
            dict(name='hats', categories=dict(all=['top'])),
            "'all' stands for all categories",
            id='category all',
        ),
        pytest.param(
            dict(name='hats', categories={False: ['top']}),
            'False is no name; to fix it: write text',
            id='YAML no',
        ),
        pytest.param(
            dict(name='hats', categories=dict(cap=[])),
            r'categories.cap: \[\] is no list of key points',
            id='empty category',
        ),
        pytest.param(
            dict(name='hats', categories=dict(cap='top')),
            "categories.cap: 'top' is no list of key points",
            id='text',
        ),
        pytest.param(
            dict(name='hats', categories=dict(cap=['top', 1])),
            'categories.cap: 1 is no key point',
            id='number',
        ),
        pytest.param(
            dict(name='hats', categories=dict(cap=['top', 'peak', 'top'])),
            "categories.cap has the key point 'top' twice",
            id='double point',
        ),
        pytest.param(
            dict(name='hats', categories=dict(cap=['brim_left', 'brim_rigth'])),
            "cap has 'brim_left', but not its mirror image 'brim_right'",
            id='missing mirror',
        ),
        pytest.param(
            HATS | dict(mirrors=[['top', 'paek']]),
            "mirrors: there is no key point 'paek'; did you mean 'peak'?",
            id='unknown mirror',
        ),
        pytest.param(
            HATS | dict(mirrors=[['top', 'peak']]),
            "beanie has 'top', but not its mirror image 'peak'",
            id='mirror of another category',
        ),
        pytest.param(
            HATS | dict(mirrors=[['crown_left', 'top'], ['top', 'peak']]),
            r"mirrors: \['top', 'peak'\] is no pair of key points that are in no other",
            id='two mirrors',
        ),
        pytest.param(
            HATS | dict(mirrors='left'), "mirrors: 'left' is no list", id='mirror text'
        ),
        pytest.param(
            with_category(keypoints=['top'], outline=['peak']),
            "cap.outline: there is no key point 'peak'",
            id='unknown in outline',
        ),
        pytest.param(
            with_category(keypoints=['top', 'peak'], sigmas=[0.1]),
            'cap.sigmas has 1 numbers, but the category has 2 key points',
            id='sigma count',
        ),
        pytest.param(
            HATS | dict(sigmas=[0.1] * 8), 'sigmas of all categories', id='sigma list'
        ),
        pytest.param(HATS | dict(sigmas=4), '4 is no number above 0', id='pixels'),
        pytest.param(HATS | dict(sigmas=True), 'True is no number', id='bool'),
        pytest.param(HATS | dict(sigmas=float('nan')), 'nan is no number', id='nan'),
        pytest.param(
            HATS | dict(sigmas=dict(paek=0.1)), "did you mean 'peak'", id='sigma name'
        ),
        pytest.param(
            HATS | dict(normalizer=['brim_left', 'brim_right']),
            "normalizer has 'brim_left', which .*categories.beanie has not",
            id='normalizer of another category',
        ),
        pytest.param(
            HATS | dict(normalizer=['top']), 'is no pair of key points', id='one end'
        ),
        pytest.param(
            dict(
                name='hats',
                categories=dict(
                    cap=dict(keypoints=['top'], sigmas=0.1), beanie=['top']
                ),
            ),
            "'top' has the sigmas 0.1 and 0.04 in 'cap' and 'beanie', which share it",
            id='shared point, two sigmas',
        ),
        pytest.param(
            dict(
                name='hats',
                categories=dict(
                    cap=dict(keypoints=['a', 'b'], mirrors=[['a', 'b']]),
                    beanie=['a', 'b'],
                ),
            ),
            "'a' has the mirror images 'b' and 'a' in 'cap' and 'beanie'",
            id='shared point, two mirrors',
        ),
    ],
)
def test_refused(description, message: str):
    with pytest.raises(FormatError, match=message) as error:
        garments.benchmark_from(description, 'source')
    assert str(error.value).startswith('source')


def test_endless_value_is_not_printed():
    endless = []
    endless.append(endless)
    with pytest.raises(FormatError, match='is no key point') as error:
        garments.benchmark_from(dict(name='hats', categories=dict(cap=[endless] * 2)))
    assert len(str(error.value)) < 400


@pytest.mark.parametrize(
    'name, text',
    [
        ('hats.json', json.dumps(HATS)),
        ('hats.json', '\ufeff' + json.dumps(HATS, indent=1)),
        ('hats.yaml', HATS_YAML),
        ('HATS.YML', HATS_YAML.replace('\n', '\r\n')),
    ],
)
def test_files(tmp_path: Path, name: str, text: str):
    path = tmp_path / name
    path.write_text(text, encoding='utf-8')
    assert garments.read_benchmark(path) == garments.benchmark_from(HATS)


@pytest.mark.parametrize(
    'name, text, message',
    [
        ('hats.json', b'{', 'is not valid JSON'),
        ('hats.json', b'[' * 100_000, 'is not valid JSON'),
        ('hats.json', b'{"name": 1, "name": 2}', "has the key 'name' twice"),
        ('hats.json', b'\xff', 'is not UTF-8 text'),
        ('hats.yaml', b'a: [', 'is not valid YAML'),
        ('hats.yaml', b'a: 2001-02-31', 'is not valid YAML'),
        ('hats.yaml', b'a: !!python/object:os.system []', 'is not valid YAML'),
        ('hats.yaml', b'a: 1\nb: {c: 1, c: 2}', "has the key 'c' twice"),
        ('hats.yaml', b'? [a]\n: 1', 'is not valid YAML'),
        ('hats.yaml', b'', 'None is no mapping of name'),
        ('hats.toml', b'', r'read from .json, .yaml, .yml, not from .toml'),
        ('hats.json', b'{"name": "hats", "categories": {"cap": []}}', 'categories.cap'),
    ],
)
def test_refused_files(tmp_path: Path, name: str, text: bytes, message: str):
    path = tmp_path / name
    path.write_bytes(text)
    with pytest.raises(FormatError, match=message) as error:
        garments.read_benchmark(path)
    assert str(error.value).startswith(str(path))


def test_missing_file(tmp_path: Path):
    with pytest.raises(FileNotFoundError, match='hats.json does not exist'):
        garments.read_benchmark(tmp_path / 'hats.json')


def test_yaml_needs_its_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = tmp_path / 'hats.yaml'
    path.write_text(HATS_YAML)
    real_import = builtins.__import__

    def without_yaml(name, *args, **kwargs):
        if name == 'yaml':
            raise ImportError(name)
        return real_import(name, *args, **kwargs)

    monkeypatch.setattr(builtins, '__import__', without_yaml)
    with pytest.raises(ImportError, match='pip install pyyaml, or write .* as JSON'):
        garments.read_benchmark(path)
