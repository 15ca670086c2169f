"""Lengths of predicted garments as files."""

import csv
import json

import cv2
import numpy as np
import pytest
from predicted_garments import predicted_garment

from fashion_mmpose.garments import GarmentPrediction, Measure
from fashion_mmpose.inference import PicturePrediction
from fashion_mmpose.inference.outputs.measuring import MeasurementFiles, Measuring
from fashion_mmpose.inference.outputs.names import name_sources
from fashion_mmpose.measure import KnownLength, Marker, pixels_per_cm
from fashion_mmpose.measure.centimetres import Centimetres, KnownPoints
from fashion_mmpose.measure.specification import Limit
from fashion_mmpose.media.reading import Picture
from fashion_mmpose.media.sources import find_sources

POINTS = np.array([(40.0, 20), (80, 20), (30, 90), (90, 90)], np.float32)


def garment(width: float = 40, **changes) -> GarmentPrediction:
    points = POINTS.copy()
    points[1, 0] = points[0, 0] + width
    fields = dict(
        bbox=np.array((30, 20, 90, 90), np.float32),
        covariances=np.tile(np.eye(2, dtype=np.float32), (4, 1, 1)),
    )
    return predicted_garment('skirt', points, **(fields | changes))


@pytest.fixture
def sources(tmp_path):
    folder = tmp_path / 'in'
    folder.mkdir()
    for name in ('a.png', 'b.png'):
        cv2.imwrite(str(folder / name), np.full((100, 120, 3), 60, np.uint8))
    return name_sources(find_sources(str(folder)))


def write(folder, sources, garments, measuring=None, **options) -> MeasurementFiles:
    """Each source shows one of the garments, or several of a tuple."""
    measuring = measuring or Measuring(Centimetres(pixels_per_cm(4)), {})
    with MeasurementFiles(folder, sources, measuring, **options) as files:
        for i, (source, found) in enumerate(zip(sources.values(), garments)):
            pixels = cv2.imread(source.image)
            picture = Picture(source=source, image_id=i, pixels=pixels)
            found = found if isinstance(found, tuple) else (found,)
            files.add(PicturePrediction(picture, found))
    return files


def rows_of(folder) -> list[dict]:
    with open(folder / 'measurements.csv', newline='') as file:
        return list(csv.DictReader(file))


def test_a_row_for_every_length(tmp_path, sources):
    files = write(tmp_path, sources, [garment(), garment(44)])
    rows = rows_of(tmp_path)
    waists = [row for row in rows if row['measurement'] == 'waist_width']
    assert [row['image'] for row in waists] == ['a.png', 'b.png']
    assert [float(row['value']) for row in waists] == [10, 11]
    assert waists[0]['unit'] == 'cm'
    assert float(waists[0]['error']) == pytest.approx(2**0.5 / 4, abs=1e-3)
    assert json.loads((tmp_path / 'measurements.json').read_text())[0]['value'] == 10
    assert 'verdict' not in rows[0]
    assert files.summary() == f'{len(rows)} lengths of 2 garments'
    assert not (tmp_path / 'measured').exists()


def test_a_table_without_garments_has_its_columns(tmp_path, sources):
    (first, limit) = tmp_path / 'some', Limit('', 'chest', 40, 1, 1)
    for place, limits in (('plain', ()), ('judged', (limit,))):
        measuring = Measuring(Centimetres(), {}, limits)
        for folder, found in ((first, [garment()]), (tmp_path / place, [])):
            write(folder, sources, found, measuring, formats=['csv'])
        heads = [
            (folder / 'measurements.csv').read_text().splitlines()[0]
            for folder in (first, tmp_path / place)
        ]
        assert heads[0] == heads[1] and ('verdict' in heads[1]) == bool(limits)


def test_followed_garments_have_their_numbers(tmp_path, sources):
    found = [garment(track_id=7), garment(track_id=0)]
    write(tmp_path, sources, found, tracked=True, combined=True)
    rows = rows_of(tmp_path)
    by_image = {row['image']: row['track_id'] for row in rows}
    assert by_image == {'a.png': '7', 'b.png': '0', '2 pictures': ''}
    assert [*rows[0]][:4] == ['image', 'garment', 'category', 'track_id']
    entries = json.loads((tmp_path / 'measurements.json').read_text())
    assert {each['track_id'] for each in entries} == {7, 0, None}
    write(tmp_path / 'none', sources, [], tracked=True)
    head = (tmp_path / 'none/measurements.csv').read_text().splitlines()[0]
    assert head == ','.join(rows[0])


def test_pictures_are_drawn(tmp_path, sources):
    write(tmp_path, sources, [garment(), garment()], with_drawn=True, formats=['csv'])
    drawn = cv2.imread(str(tmp_path / 'measured' / 'b.png'))
    assert drawn.shape == (100, 120, 3) and (drawn != 60).sum() > 500
    assert not (tmp_path / 'measurements.json').exists()


def test_verdicts_stand_with_the_lengths(tmp_path, sources):
    limits = [
        Limit('skirt', 'waist_width', 10, 2, 2),
        Limit('', 'side_seam', 40, 1, 1),
        Limit('skirt', 'pocket', 4, 1, 1),
    ]
    measuring = Measuring(Centimetres(pixels_per_cm(4)), {}, limits)
    files = write(tmp_path, sources, [garment()], measuring)
    rows = {row['measurement']: row for row in rows_of(tmp_path)}
    assert rows['waist_width']['verdict'] == 'PASS'
    assert rows['waist_width']['target'] == '10'
    assert rows['side_seam_left']['verdict'] == 'FAIL'
    assert rows['pocket']['verdict'] == 'UNSURE' and rows['pocket']['value'] == ''
    assert 'pocket is not measured' in rows['pocket']['verdict_reason']
    assert rows['hem_width']['verdict'] == rows['hem_width']['target'] == ''
    assert files.summary().endswith('1 absent; 1 PASS, 2 FAIL, 1 UNSURE')


@pytest.mark.parametrize('order', [1, -1])
def test_the_worst_of_several_verdicts_stands(tmp_path, sources, order: int):
    limits = [
        Limit('', 'waist_width', 20, 1, 1),
        Limit('skirt', 'waist_width', 10, 3, 2),
        Limit('', 'hem_width', 15, 2, 2),
        Limit('skirt', 'hem_width', 15.5, 0.5, 0.5),
        Limit('', 'pocket', 4, 1, 1),
        Limit('skirt', 'pocket', 4, 2, 2),
    ][::order]
    measuring = Measuring(Centimetres(pixels_per_cm(4)), {}, limits)
    files = write(tmp_path, sources, [garment()], measuring)
    rows = [row for row in rows_of(tmp_path) if row['verdict']]
    by_name = {row['measurement']: row for row in rows}
    assert len(rows) == len(by_name) == 3
    waist, hem = by_name['waist_width'], by_name['hem_width']
    assert (waist['verdict'], waist['target'], waist['plus']) == ('FAIL', '20', '1')
    assert (hem['verdict'], hem['target']) == ('UNSURE', '15.5')
    assert 'lies across 15 to 16 cm' in hem['verdict_reason']
    assert by_name['pocket']['verdict'] == 'UNSURE'
    assert files.summary().endswith('1 absent; 0 PASS, 1 FAIL, 2 UNSURE')


def test_a_sheet_names_pictures_as_the_table_does(tmp_path):
    for folder in 'red', 'blue':
        (tmp_path / folder).mkdir()
        cv2.imwrite(str(tmp_path / folder / '1.png'), np.zeros((100, 120, 3), np.uint8))
    inputs = [str(tmp_path / folder) for folder in ('red', 'blue')]
    sources = name_sources(find_sources(inputs))
    assert list(sources) == ['red/1.png', 'blue/1.png']
    limits = [
        Limit('red/*', 'waist_width', 10, 2, 2),
        Limit('blue/1.png', 'hem_width', 15, 2, 2),
        Limit('1.png', 'waist_width', 20, 1, 1),
        Limit('shirt', 'chest_width', 50, 1, 1),
    ]
    measuring = Measuring(Centimetres(pixels_per_cm(4)), {}, limits)
    files = write(tmp_path, sources, [garment(), garment()], measuring)
    judged = [row for row in rows_of(tmp_path) if row['verdict']]
    assert [(row['image'], row['measurement']) for row in judged] == [
        ('red/1.png', 'waist_width'),
        ('blue/1.png', 'hem_width'),
    ]
    assert {row['verdict'] for row in judged} == {'PASS'}
    assert files.idle_limits == limits[2:]


def test_pictures_of_a_folder_are_combined(tmp_path, sources):
    write(tmp_path, sources, [garment(40), garment(41)], combined=True)
    waists = [row for row in rows_of(tmp_path) if row['measurement'] == 'waist_width']
    assert [row['image'] for row in waists] == ['a.png', 'b.png', '2 pictures']
    assert float(waists[2]['value']) == pytest.approx(10.125)
    assert float(waists[2]['error']) == pytest.approx(0.25, abs=1e-3)


@pytest.mark.parametrize('known', ['px-per-cm', 'points'])
def test_the_error_of_one_scale_for_all_stays_in_common_lengths(
    tmp_path, sources, known
):
    """A camera that is off by 5 % is so in all of its pictures."""
    scale = pixels_per_cm(4, 0.2)
    if known == 'points':
        scale = KnownPoints((10, 10), (50, 10), 10, error=2 / 2**0.5)
    measuring = Measuring(Centimetres(scale), {})
    sure = dict(covariances=np.tile(np.eye(2, dtype=np.float32) / 1e4, (4, 1, 1)))
    write(tmp_path, sources, [garment(40, **sure)] * 2, measuring, combined=True)
    waists = [row for row in rows_of(tmp_path) if row['measurement'] == 'waist_width']
    assert [row['image'] for row in waists] == ['a.png', 'b.png', '2 pictures']
    for row in waists:
        assert float(row['value']) == pytest.approx(10)
        assert float(row['error']) == pytest.approx(0.5, abs=0.01)


def test_garments_of_one_picture_are_not_combined(tmp_path, sources):
    pair, one = (garment(40), garment(60)), garment(41)
    files = write(tmp_path, sources, [pair], combined=True)
    assert len(files.not_combined) == 1
    reason = files.not_combined[0]
    assert reason.startswith('a.png: it shows 2 garments of the category skirt, and')
    assert not any('pictures' in row['image'] for row in rows_of(tmp_path))
    files = write(tmp_path, sources, [pair, one], combined=True)
    assert len(files.not_combined) == 1
    assert not any('pictures' in row['image'] for row in rows_of(tmp_path))
    files = write(tmp_path, sources, [(one,), (one, one)], combined=False)
    assert files.not_combined == []


def test_a_pair_does_not_hinder_the_pictures_beside_it(tmp_path, sources):
    folder = tmp_path / 'in'
    cv2.imwrite(str(folder / 'c.png'), np.full((100, 120, 3), 60, np.uint8))
    sources = name_sources(find_sources(str(folder)))
    pair = garment(80), garment(90)
    write(tmp_path, sources, [garment(40), pair, garment(41)], combined=True)
    waists = [row for row in rows_of(tmp_path) if row['measurement'] == 'waist_width']
    assert waists[-1]['image'] == '2 pictures'
    assert float(waists[-1]['value']) == pytest.approx(10.125)


def test_where_nothing_tells_centimetres_there_are_pixels(tmp_path, sources):
    files = write(
        tmp_path, sources, [garment()], Measuring(Centimetres(Marker(10)), {})
    )
    assert {row['unit'] for row in rows_of(tmp_path)} == {'px'}
    assert len(files.in_pixels) == 1
    assert files.in_pixels[0].startswith('a.png: there is no ArUco marker')


def test_a_known_length_is_for_garments_that_have_it(tmp_path, sources):
    points = np.array([(x, 20) for x in range(10, 75, 5)], np.float32)
    blouse = predicted_garment('blouse', points)
    known = KnownLength('waistband_left', 'waistband_right', 40)
    measuring = Measuring(Centimetres(known), {})
    skirts = garment(40), blouse, garment(50)
    files = write(tmp_path, sources, [skirts, garment(20)], measuring, combined=True)
    rows = rows_of(tmp_path)
    units = {(row['image'], row['garment']): row['unit'] for row in rows}
    assert units == {
        ('a.png', '1'): 'cm',
        ('a.png', '2'): 'px',
        ('a.png', '3'): 'cm',
        ('b.png', '1'): 'cm',
    }
    widths = [row['value'] for row in rows if row['measurement'] == 'waist_width']
    assert [float(width) for width in widths if width] == [40, 40, 40]
    assert any(row['value'] and row['unit'] == 'px' for row in rows)
    (reason,) = files.in_pixels
    assert reason == (
        "a.png, garment 2: blouse has no key point 'waistband_left' of the known length"
    )


def test_measurements_of_ones_own(tmp_path, sources):
    own = dict(skirt=(Measure('diagonal', ((0,), (3,)), code='X4'),))
    write(tmp_path, sources, [garment()], Measuring(Centimetres(), own))
    (row,) = rows_of(tmp_path)
    assert (row['measurement'], row['code'], row['unit']) == ('diagonal', 'X4', 'px')


def test_all_appear_together(tmp_path, sources):
    folder = tmp_path / 'out'
    write(folder, sources, [garment(), garment()], with_drawn=True)
    old = {path: path.read_bytes() for path in folder.rglob('*.*') if path.is_file()}
    left = folder / 'measurements.unfinished/measured/b.png'
    left.parent.mkdir(parents=True)
    left.write_text('of a killed run')
    first, _ = sources.items()
    measuring = Measuring(Centimetres(pixels_per_cm(8)), {})
    with MeasurementFiles(folder, sources, measuring, with_drawn=True) as files:
        assert not left.exists()
        pixels = cv2.imread(first[1].image)
        picture = Picture(source=first[1], image_id=0, pixels=pixels)
        files.add(PicturePrediction(picture, (garment(),)))
        assert (left.parent / 'a.png').is_file()
        assert all(path.read_bytes() == content for path, content in old.items())
    changed = [path.name for path, old in old.items() if path.read_bytes() != old]
    assert sorted(changed) == ['a.png', 'measurements.csv', 'measurements.json']
    assert not left.parent.exists()


def test_what_other_runs_have_left_is_told(tmp_path, sources):
    folder = tmp_path / 'out'
    again = write(folder, sources, [garment(), garment()], with_drawn=True)
    assert again.of_other_runs() == []
    first = dict([next(iter(sources.items()))])
    other = write(folder, first, [garment()], formats=['csv'], with_drawn=True)
    assert other.of_other_runs() == [
        f'{folder}/measurements.json is of another run',
        f'1 files in {folder}/measured are of other runs',
    ]


def test_nothing_is_written_after_an_error(tmp_path, sources):
    files = MeasurementFiles(tmp_path, sources, Measuring(Centimetres(), {}))
    with pytest.raises(RuntimeError, match='stop'), files:
        raise RuntimeError('stop')
    assert not (tmp_path / 'measurements.csv').exists()


def test_inputs_are_not_drawn_over(tmp_path):
    folder = tmp_path / 'measured'
    folder.mkdir()
    cv2.imwrite(str(folder / 'a.png'), np.zeros((9, 9, 3), np.uint8))
    sources = name_sources(find_sources(str(folder)))
    measuring = Measuring(Centimetres(), {})
    with pytest.raises(ValueError, match='would be drawn over'):
        MeasurementFiles(tmp_path, sources, measuring, with_drawn=True)
