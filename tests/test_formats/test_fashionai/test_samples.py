"""Tests for fashion_mmpose.formats.fashionai."""

import numpy as np
import pytest

from fashion_mmpose.errors import FormatError
from fashion_mmpose.formats.fashionai.parts import Part
from fashion_mmpose.formats.fashionai.samples import (
    Reading,
    Samples,
    Source,
    cpn_splits,
    hold_out,
    read_splits,
    shared_images,
    sklearn_test_mask,
)
from fashion_mmpose.formats.fashionai.tianchi import write_tianchi


def samples(ids, categories=None, annotated=True):
    def column(values):
        return np.array(values, dtype=object)

    count = len(ids)
    return Samples(
        image_ids=column(list(ids)),
        categories=column(list(categories or ['skirt'] * count)),
        keypoints=np.zeros((count, 24, 3), dtype=int) if annotated else None,
        folders=column([''] * count),
        paths=column(list(ids)),
        sources=column(['a.csv'] * count),
        lines=np.arange(count) + 1,
    )


def numbered(prefix, count):
    return [f'{prefix}{i}' for i in range(count)]


# Printed by train_test_split(range(num), test_size=0.2, random_state=42) of
# scikit-learn 1.9.1.
@pytest.mark.parametrize(
    'num, first, count, total',
    [
        pytest.param(7, [0, 1], 2, 1, id='rounded up'),
        pytest.param(10, [1, 8], 2, 9, id='10'),
        pytest.param(9970, [0, 3, 8, 10, 12, 14], 1994, 9863457, id='test_b'),
    ],
)
def test_sklearn_split(num, first, count, total):
    chosen = np.flatnonzero(sklearn_test_mask(num, 0.2, 42))
    assert chosen[:6].tolist() == first
    assert len(chosen) == count
    assert chosen.sum() == total


def test_cpn_split():
    splits = dict(
        train=samples(['t0', 't1', 'b8']),
        test_a=samples(['a0', 't1']),
        test_b=samples(numbered('b', 10)),
        r2_test_a=samples(['x'], annotated=False),
    )
    divided, notes = cpn_splits(splits)
    assert set(divided) == {'train', 'val', 'r2_test_a'}
    assert divided['val'].image_ids.tolist() == ['b1', 'b8']
    train = ['t0', 't1', 'a0', 'b0', *(f'b{i}' for i in (2, 3, 4, 5, 6, 7, 9))]
    assert divided['train'].image_ids.tolist() == train
    assert notes == [
        'train: 1 x row of an image that an earlier file has',
        'train: 1 x image left out that val has',
    ]


@pytest.mark.parametrize(
    'change, match',
    [
        pytest.param({'test_b': None}, "needs annotations of 'test_b'", id='missing'),
        pytest.param(
            {'test_a': samples(['a'], annotated=False)},
            r"of 'test_a'; annotated are \['train', 'test_b'\]",
            id='list only',
        ),
        pytest.param({'val': samples(['v'])}, 'would replace', id='val exists'),
    ],
)
def test_cpn_split_needs_its_parts(change, match):
    splits = {name: samples(['a']) for name in ('train', 'test_a', 'test_b')} | change
    with pytest.raises(FormatError, match=match):
        cpn_splits({k: v for k, v in splits.items() if v is not None})


def test_hold_out_is_stratified_and_repeatable():
    ids = numbered('s', 100) + numbered('b', 40)
    train = samples(ids, ['skirt'] * 100 + ['blouse'] * 40)
    test = samples(['x'])
    divided = hold_out({'train': train, 'test': test}, 0.2, seed=3)
    val = divided['val']
    assert (val.categories == 'skirt').sum() == 20
    assert (val.categories == 'blouse').sum() == 8
    assert sorted([*val.image_ids, *divided['train'].image_ids]) == sorted(ids)
    assert divided['train'].lines.tolist() == sorted(divided['train'].lines)
    assert divided['test'] is test
    again = hold_out({'train': train}, 0.2, seed=3)['val'].image_ids
    other = hold_out({'train': train}, 0.2, seed=4)['val'].image_ids
    assert again.tolist() == val.image_ids.tolist()
    assert other.tolist() != val.image_ids.tolist()


def write_part(path, ids, x, split):
    keypoints = np.full((len(ids), 24, 3), -1)
    keypoints[:, 15] = x, 2, 1
    write_tianchi(path, ids, ['skirt'] * len(ids), keypoints)
    return Part(path, path.parent, split)


def test_parts_are_joined_one_sample_per_image(tmp_path):
    list_only = tmp_path / 'c' / 'test.csv'
    list_only.parent.mkdir()
    list_only.write_text('k.jpg,skirt\n')
    parts = [
        write_part(tmp_path / 'a' / 'train.csv', ['i.jpg', 'j.jpg'], 1, 'train'),
        write_part(tmp_path / 'b' / 'train.csv', ['j.jpg', 'k.jpg'], 7, 'train'),
        Part(list_only, list_only.parent, 'train'),
    ]
    splits, sources, notes = read_splits(parts, Reading(tmp_path))
    train = splits['train']
    assert train.image_ids.tolist() == ['i.jpg', 'j.jpg', 'k.jpg']
    assert train.keypoints[:, 15, 0].tolist() == [1, 1, 7]
    assert train.lines.tolist() == [2, 3, 3]
    assert train.sources[2] == str(parts[1].csv)
    assert sources == [Source(p.csv, 'train', n, 0) for p, n in zip(parts, (2, 2, 1))]
    assert len(notes) == 2
    assert notes[0].startswith(f'{list_only}: left aside')
    assert notes[1] == (
        'train: 1 x row of an image that an earlier file has, left out, 1 of them with '
        'other points'
    )


def test_shared_images_are_counted():
    splits = dict(a=samples('xyz'), b=samples('yzw'), c=samples('q'))
    assert shared_images(splits) == ['2 images are both in a and in b']
