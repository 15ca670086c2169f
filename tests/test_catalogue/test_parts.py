"""Predictions written in parts, and put together."""

import json
from dataclasses import replace

import numpy as np
import pytest
from drawn_catalogue import WRITING, Finder, named, predicted
from folder_contents import contents

from fashion_mmpose.catalogue.merging import find_parts, merge
from fashion_mmpose.catalogue.part_files import PartFiles
from fashion_mmpose.catalogue.plan import Plan, begin
from fashion_mmpose.catalogue.schema import About, rows_of
from fashion_mmpose.catalogue.shards import Shard
from fashion_mmpose.catalogue.table_file import (
    about_file,
    garments_in,
    rows_in,
    write_rows,
)
from fashion_mmpose.errors import FormatError
from fashion_mmpose.garments import benchmark, describe
from fashion_mmpose.inference.outputs.measuring import Measuring
from fashion_mmpose.inference.outputs.saving import PredictionFiles
from fashion_mmpose.measure import KnownLength
from fashion_mmpose.measure.centimetres import Centimetres

pyarrow = pytest.importorskip('pyarrow')
NUM = 11
PLAN = Plan(num_pictures=NUM, part_size=4, settings={'the model': 'abc'})
WHOLE = Shard()


def run(folder, finder, shard=WHOLE, stop_after=None):
    """Predict what is pending; after so many pictures, be interrupted."""
    begin(folder, PLAN)
    pending = PLAN.pending(folder, shard)
    with PartFiles(folder, PLAN, WRITING) as files:
        parts = PLAN.parts(iter(named(NUM)), pending)
        for count, each in enumerate(files.predicted(finder, parts)):
            if count == stop_after:
                break
            (files.leave_out if each.error else files.add)(each)
    return files


def test_all_in_one_go(tmp_path):
    finder = Finder(bad=[5])
    files = run(tmp_path, finder)
    assert finder.asked == list(range(NUM))
    assert [*contents(tmp_path)] == ['_parts.json', *(PLAN.name(n) for n in range(3))]
    assert (files.num_pictures, files.num_empty) == (10, 4)
    assert files.num_garments == {'skirt': 8}
    assert (files.num_unreadable, files.unreadable) == (1, ['/shop/5.jpg is damaged'])
    about = about_file(tmp_path / PLAN.name(1))
    assert (about.first, about.num_pictures) == (4, 4)
    assert about.unreadable == ((5, '5.jpg', '/shop/5.jpg is damaged'),)
    rows = [row for rows in rows_in(tmp_path / PLAN.name(0)) for row in rows]
    ids = [(row['picture_id'], row['picture'], row['garment']) for row in rows]
    assert ids == [(1, '1.jpg', 1), (2, '2.jpg', 1), (2, '2.jpg', 2)]
    assert (rows[0]['width'], rows[0]['height']) == (64, 80)
    assert {row['model'] for row in rows} == {WRITING.model}


@pytest.mark.parametrize('stop_after', range(NUM + 1))
def test_an_interrupted_run_goes_on_and_repeats_no_part(tmp_path, stop_after):
    run(tmp_path / 'whole', Finder())
    run(tmp_path / 'two', Finder(), stop_after=stop_after)
    done = stop_after // 4 if stop_after < NUM else 3
    assert len(PLAN.done(tmp_path / 'two')) == done
    again = Finder()
    run(tmp_path / 'two', again)
    assert again.asked == list(range(done * 4, NUM))
    assert contents(tmp_path / 'two') == contents(tmp_path / 'whole')


def test_shards_share_a_folder_or_have_their_own(tmp_path):
    run(tmp_path / 'whole', Finder())
    for index in range(2):
        run(tmp_path / 'shared', Finder(), Shard(index, 2))
        run(tmp_path / f'own{index}', Finder(), Shard(index, 2))
    assert contents(tmp_path / 'shared') == contents(tmp_path / 'whole')
    out = tmp_path / 'all.json'
    with pytest.raises(FileNotFoundError, match=r'1 of 3 parts are missing \(1\)'):
        merge([tmp_path / 'own0'], out)
    assert not out.exists()
    merged = merge([tmp_path / 'own1', tmp_path / 'own0'], out)
    assert (merged.num_parts, merged.num_pictures, merged.num_garments) == (3, NUM, 10)
    whole = tmp_path / 'whole.json'
    merge([tmp_path / 'whole'], whole)
    assert out.read_bytes() == whole.read_bytes()
    assert merge([tmp_path / 'own0'], out, is_partial=True).missing == (1,)
    assert {entry['image_id'] for entry in json.loads(out.read_text())} == {
        *(1, 2, 8, 10)
    }


def test_nothing_is_written_where_no_part_is_there(tmp_path):
    begin(tmp_path / 'begun', PLAN)
    with pytest.raises(FileNotFoundError, match='none of the 3 parts is there'):
        merge([tmp_path / 'begun'], tmp_path / 'all.json', is_partial=True)
    assert [path.name for path in tmp_path.iterdir()] == ['begun']


def test_merged_json_is_what_predict_writes(tmp_path):
    run(tmp_path / 'parts', Finder(bad=[4]))
    merged = merge([tmp_path / 'parts'], tmp_path / 'merged.json')
    assert [each.picture_id for each in merged.unreadable] == [4]
    sources = {source.name: source for source in named(NUM)}
    with PredictionFiles(tmp_path / 'plain', sources) as files:
        for number, source in enumerate(sources.values()):
            if number != 4:
                files.add(predicted(source, number, number % 3))
    expected = (tmp_path / 'plain/predictions.json').read_bytes()
    assert (tmp_path / 'merged.json').read_bytes() == expected


def test_merged_parquet_has_all_rows(tmp_path):
    run(tmp_path / 'parts', Finder(bad=[4]))
    out = tmp_path / 'all.parquet'
    assert merge([tmp_path / 'parts'], out).num_garments == 9
    paths = find_parts([tmp_path / 'parts']).paths
    assert len(paths) == 3
    of_parts = [row for path in paths for rows in rows_in(path) for row in rows]
    assert [row for rows in rows_in(out) for row in rows] == of_parts
    about = about_file(out)
    assert (about.first, about.num_pictures, len(about.unreadable)) == (0, NUM, 1)


def test_parts_of_a_version_without_states(tmp_path):
    run(tmp_path / 'parts', Finder())
    path = tmp_path / 'parts' / PLAN.name(1)
    table = pyarrow.parquet.read_table(path)
    pyarrow.parquet.write_table(table.drop_columns(['states']), path)
    for name in ('all.json', 'all.parquet'):
        assert merge([tmp_path / 'parts'], tmp_path / name).num_garments == 10
    found = list(garments_in(tmp_path / 'all.parquet'))
    assert [each.states for each in found] == [None] * 10


def test_a_broken_part_is_named(tmp_path):
    run(tmp_path, Finder())
    path = tmp_path / PLAN.name(1)
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(FormatError, match=f'{PLAN.name(1)} cannot be read'):
        merge([tmp_path], tmp_path / 'all.json')
    assert not (tmp_path / 'all.json').exists()
    pyarrow.parquet.write_table(pyarrow.table({'a': [1]}), path)
    with pytest.raises(FormatError, match='no table of garments that this package'):
        about_file(path)
    with pytest.raises(ValueError, match=r'must end with \.json or \.parquet'):
        merge([tmp_path], tmp_path / 'all.csv')


def test_a_later_schema_is_refused(tmp_path):
    later = About(schema=2, version='9.0', benchmarks=(), keypoints={})
    write_rows(tmp_path / 'a.parquet', [], later)
    with pytest.raises(FormatError, match='use the version 9.0, or a later one'):
        about_file(tmp_path / 'a.parquet')


def test_garments_come_back_as_they_were(tmp_path):
    """Also with errors of points, and of a benchmark of the user's."""
    hats = benchmark({'name': 'hats', 'categories': {'hat': ['tip', 'brim']}})
    spread = np.array([[[2, 0.5], [0.5, 1]], [[3, -1], [-1, 4]]], np.float32)
    (skirt,) = predicted(named(1)[0], 7).garments
    points = np.array([[1 / 3, 2], [4, 5]], np.float32)
    hat = replace(
        skirt,
        benchmark='hats',
        category='hat',
        definition=hats,
        keypoints=points,
        scores=np.array([0.1, 0.7], np.float32),
        covariances=spread,
        dof=4.5,
        probabilities=np.array([0.25, 0.875], np.float32),
        states=np.array([[0.1, 0.2, 0.7], [1 / 3, 1 / 3, 1 / 3]], np.float32),
    )
    whole = predicted(named(1)[0], 7)
    both = replace(whole, garments=(skirt, hat))
    lengths = hat.measurements()
    rows = rows_of(both, [None, lengths], 'model')
    about = About(
        schema=1,
        version='0',
        benchmarks=('fashionai', describe(hats)),
        keypoints={'hat': ('tip', 'brim')},
    )
    write_rows(tmp_path / 'a.parquet', rows, about)
    first, second = garments_in(tmp_path / 'a.parquet')
    for found, expected in ((first, skirt), (second, hat)):
        assert found.to_dict() == expected.to_dict() | {'image': '0.jpg'}
        assert found.names == expected.names
    np.testing.assert_array_equal(second.covariances, spread)
    np.testing.assert_array_equal(second.states, hat.states)
    assert (second.dof, first.dof, first.covariances) == (4.5, np.inf, None)
    ((plain, measured),) = rows_in(tmp_path / 'a.parquet')
    assert plain['measurements'] is None
    assert measured['measurements'] == [each.to_dict() for each in lengths]


def test_a_garment_nowhere_is_refused():
    whole = predicted(named(1)[0])
    points = np.full((4, 2), np.nan, np.float32)
    nowhere = replace(whole.garments[0], keypoints=points)
    with pytest.raises(ValueError, match='finds a skirt at no finite position'):
        rows_of(replace(whole, garments=(nowhere,)), [None], 'model')


def test_garments_without_the_ends_of_a_known_length():
    known = KnownLength('neckline_left', 'neckline_right', 20.0)
    writing = replace(WRITING, measuring=Measuring(Centimetres(known), own={}))
    (source,) = named(1)
    rows, reason = writing.rows(predicted(source))
    assert {each['unit'] for each in rows[0]['measurements']} == {'px'}
    assert reason == "0.jpg: skirt has no key point 'neckline_left' of the known length"
