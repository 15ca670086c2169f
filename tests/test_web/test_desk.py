"""What happens when somebody does something on the page."""

import base64
import csv
import io
import json
from collections import Counter
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from fashion_mmpose.errors import FormatError, PictureError
from fashion_mmpose.formats.coco.columns import read_columns
from fashion_mmpose.inference import GarmentInferencer
from fashion_mmpose.measure import Marker
from fashion_mmpose.synthetic import draw_deepfashion2, draw_fashionai, draw_laid_flat
from fashion_mmpose.web import saving
from fashion_mmpose.web.desk import Desk
from fashion_mmpose.web.finding import Finder
from fashion_mmpose.web.pages.drawn_examples import as_file, draw_example, example_names
from fashion_mmpose.web.sessions import OpenPicture, Sessions
from fashion_mmpose.web.uploads import Limits


@pytest.fixture
def session(desk: Desk, dress_file: bytes):
    """A session with a dress."""
    with desk.sessions.of('me') as session:
        desk.add(session, dress_file, 'dress.png', None)
        yield session


def sent(picture, **changes) -> dict:
    """An event of the editor in which nothing is changed yet."""
    garments = [dict(key=g.key, points=g.view()['points']) for g in picture.garments]
    return dict(picture=picture.key, step=0, garments=garments) | changes


def test_a_dress_is_found_where_it_is_drawn(desk: Desk, session):
    (garment,) = session.picture.garments
    (item,) = draw_deepfashion2(20, 5, 'long_sleeved_dress').items
    assert garment.found.category == 'long_sleeved_dress'
    seen = item.landmarks[:, 2] == 2
    far = np.linalg.norm(garment.found.keypoints - item.exact, axis=1)[seen]
    assert np.median(far) < 8
    view = desk.view(session)
    assert (view['picture']['width'], view['picture']['height']) == (468, 624)
    assert len(view['picture']['garments'][0]['points']) == len(item.exact)
    json.dumps(view)


@pytest.mark.slow
def test_a_category_that_is_chosen_leaves_others_out(desk: Desk):
    file = as_file(draw_deepfashion2(20, 34, 'trousers').image)
    with desk.sessions.of('me') as session:
        desk.add(session, file, 'a.png', 'trousers')
        assert {g.found.category for g in session.picture.garments} == {'trousers'}
        desk.find_again(session, None)
        assert {g.found.category for g in session.picture.garments} == {
            'trousers',
            'short_sleeved_shirt',
        }
        with pytest.raises(FormatError, match='no network for'):
            desk.add(session, file, 'a.png', 'hat')
        assert len(session.pictures) == 1


def test_a_corrected_point_is_saved(desk: Desk, session, tmp_path):
    event = sent(session.picture)
    event['garments'][0]['points'][3] = [111, 222, 1, 1]
    event['garments'][0]['points'][4][2] = 0
    desk.edit(session, event)
    path = tmp_path / 'garments.json'
    path.write_text(saving.as_coco(session.pictures, desk.finder.benchmark))
    columns = read_columns(path, 'deepfashion2')
    assert columns.images.file_names == ['dress.png']
    assert columns.points[3].tolist() == [111, 222, 1]
    assert columns.points[4].tolist() == [0, 0, 0]
    assert columns.num_keypoints.tolist() == [36]
    (row,) = [r for r in saving.point_rows(session.picture.garments) if 'by hand' in r]
    assert row[2:] == ['lsd_kpt4', 111.0, 222.0, 'by hand', 'covered']


def test_a_change_that_comes_late_is_not_taken(desk: Desk, session):
    assert desk.edit(session, sent(session.picture, step=5)) is session.picture
    late = sent(session.picture, step=4, garments=[])
    assert desk.edit(session, late) is None
    assert len(session.picture.garments) == 1
    with pytest.raises(FormatError, match='without its number'):
        desk.edit(session, dict(late, step='5'))


def test_a_removed_garment_comes_back(desk: Desk, session):
    before = sent(session.picture, step=2)
    desk.edit(session, sent(session.picture, step=1, garments=[]))
    assert session.picture.garments == []
    desk.edit(session, before)
    assert len(session.picture.garments) == 1


@pytest.mark.slow
def test_a_garment_in_a_box(desk: Desk, session):
    desk.edit(session, sent(session.picture, garments=[]))
    box = [60, 60, 400, 590]
    desk.add_box(session, dict(picture=session.picture.key, box=box), None)
    desk.add_box(session, dict(picture=session.picture.key, box=box), 'skirt')
    found = [g.found for g in session.picture.garments]
    assert [each.category for each in found] == ['long_sleeved_dress', 'skirt']
    np.testing.assert_array_equal(found[0].bbox, box)


@pytest.mark.parametrize(
    'box, reason',
    [
        ([5, 5, 9, 9], 'too small'),
        ([900, 900, 990, 990], 'too small'),
        ([1, 2, 3], 'expected 4 numbers'),
        (None, 'expected 4 numbers'),
    ],
)
def test_boxes_that_hold_nothing(desk: Desk, session, box, reason: str):
    with pytest.raises(FormatError, match=reason):
        desk.add_box(session, dict(picture=session.picture.key, box=box), None)
    assert len(session.picture.garments) == 1


@pytest.mark.slow
def test_the_detector_may_find_nothing(sessions: Sessions):
    strict = GarmentInferencer(device='cpu', det_options=dict(score_thr=0.99))
    desk = Desk(Finder(strict), sessions)
    grey = as_file(np.full((300, 300, 3), 128, np.uint8))
    with desk.sessions.of('me') as session:
        desk.add(session, grey, 'grey.png', None)
        assert session.picture.garments == []
        event = dict(picture=session.picture.key, box=[20, 20, 250, 250])
        with pytest.raises(FormatError, match='finds no garment in the box'):
            desk.add_box(session, event, None)
        desk.add_box(session, event, 'vest')
        assert len(session.picture.garments) == 1


@pytest.mark.slow
def test_another_category(desk: Desk, session):
    (old,) = session.picture.garments
    event = dict(picture=session.picture.key, garment=old.key)
    desk.recategorize(session, event | dict(category='short_sleeved_dress'))
    (new,) = session.picture.garments
    assert new.found.category == 'short_sleeved_dress'
    assert new.key != old.key
    np.testing.assert_array_equal(new.found.bbox, old.found.bbox)
    with pytest.raises(FormatError, match='not there any more'):
        desk.recategorize(session, event | dict(category='skirt'))


@pytest.mark.slow
def test_what_a_change_could_not_know_of_stays(desk: Desk, session):
    picture = session.picture
    seen = desk.view(session)['picture']['revision']
    event = sent(picture, seen=seen)
    event['garments'][0]['points'][3] = [111, 222, 1, 1]
    # While the box is looked at, a point is dragged.
    desk.add_box(session, dict(picture=picture.key, box=[60, 60, 400, 590]), 'skirt')
    desk.edit(session, event)
    names = [each.found.category for each in picture.garments]
    assert names == ['long_sleeved_dress', 'skirt']
    assert picture.garments[0].found.keypoints[3].tolist() == [111, 222]
    # The same while a category is changed: the old garment does not come back.
    seen = desk.view(session)['picture']['revision']
    event = sent(picture, step=1, seen=seen)
    change = dict(picture=picture.key, garment=2, category='trousers')
    desk.recategorize(session, change)
    desk.edit(session, event)
    names = [each.found.category for each in picture.garments]
    assert names == ['long_sleeved_dress', 'trousers']
    # Who has seen it takes it back, and removes what is there.
    seen = desk.view(session)['picture']['revision']
    desk.edit(session, event | dict(step=2, seen=seen))
    names = [each.found.category for each in picture.garments]
    assert names == ['long_sleeved_dress', 'skirt']
    # Found once more, nothing of before is left.
    event = sent(picture, step=3, seen=seen)
    desk.find_again(session, None)
    desk.edit(session, event)
    assert [each.key for each in picture.garments] == [4]
    with pytest.raises(FormatError, match='without what it was made of'):
        desk.edit(session, event | dict(step=4, seen='all'))


@pytest.mark.slow
def test_lengths_by_two_clicks(desk: Desk, session):
    rows, overlay, message = desk.measured_view(session.picture)
    in_pixels = {row[2]: row[3] for row in rows}
    assert {row[4] for row in rows} == {'px'} and not message
    desk.set_scale(session, 'length', 20, 'a4')
    assert 'click both ends' in desk.measured_view(session.picture)[2]
    event = dict(picture=session.picture.key, ends=[[10, 10], [10, 210]])
    desk.rule(session, event)  # 10 pixels are a centimetre
    rows, overlay, message = desk.measured_view(session.picture)
    in_cm = {row[2]: row[3] for row in rows}
    assert {row[4] for row in rows} == {'cm'} and not message
    assert overlay['corners'] == [[10, 10], [10, 210]]
    width = in_cm['shoulder_width']
    assert width == pytest.approx(in_pixels['shoulder_width'] / 10, abs=0.1)


@pytest.mark.slow
def test_lengths_by_a_marker(desk: Desk):
    drawn = draw_laid_flat('short_sleeved_shirt', 20, 2, Marker(10))
    with desk.sessions.of('me') as session:
        desk.add(session, as_file(drawn.image), 'flat.png', None)
        desk.set_scale(session, 'marker', 10, 'a4')
        rows, overlay, message = desk.measured_view(session.picture)
        assert not message and len(overlay['corners']) == 4
        hem = next(row for row in rows if row[2] == 'hem_width')
        assert hem[4] == 'cm' and 30 < hem[3] < 80
        assert hem[5] < hem[3] < hem[6]
        desk.set_scale(session, 'sheet', 10, '20x30x4')
        assert 'is no sheet' in desk.measured_view(session.picture)[2]
        desk.set_scale(session, 'marker', -1, 'a4')
        assert 'not positive' in desk.measured_view(session.picture)[2]


@pytest.mark.slow
def test_programs_may_send_the_marker_as_text(desk: Desk):
    gradio = pytest.importorskip('gradio')
    from fashion_mmpose.web.pages.programs import finding

    pixels = draw_laid_flat('short_sleeved_shirt', 20, 2, Marker(10)).image
    find, text = finding(desk), base64.b64encode(as_file(pixels)).decode()
    expected = find(text, '', 10)
    assert expected['garments'][0]['lengths'][0]['unit'] == 'cm'
    assert find(text, '', '10') == expected
    with pytest.raises(gradio.Error, match="marker_cm is 'ten', not a number"):
        find(text, '', 'ten')


@pytest.mark.slow
def test_tables_of_several_pictures(desk: Desk, session, dress_file: bytes):
    desk.add(session, dress_file, '=1+1.png', None)
    rows = {p.name: saving.point_rows(p.garments) for p in session.pictures}
    text = saving.as_csv(rows, saving.POINT_COLUMNS)
    table = list(csv.reader(io.StringIO(text)))
    assert table[0] == ['picture', *saving.POINT_COLUMNS]
    assert {row[0] for row in table[1:]} == {'dress.png', "'=1+1.png"}
    assert len(table) == 1 + 2 * 37


@pytest.mark.slow
def test_pictures_of_one_name_stay_apart(desk: Desk, session, dress_file: bytes):
    for _ in range(2):
        desk.add(session, dress_file, 'dress.png', None)
    coco = json.loads(saving.as_coco(session.pictures, desk.finder.benchmark))
    names = [image['file_name'] for image in coco['images']]
    assert names == ['dress.png', 'dress 2.png', 'dress 3.png']
    # Tables have them, too, as the page's camera gives all pictures one name.
    gradio = pytest.importorskip('gradio')
    from fashion_mmpose.web.pages.picture_page import Page

    with gradio.Blocks():
        page = Page(desk)
    for make in (page._as_points, page._as_lengths):
        text = make(session)[2].decode()
        rows = Counter(row[0] for row in csv.reader(io.StringIO(text)))
        assert {*rows} == {'picture', *names}
        assert len({rows[name] for name in names}) == 1


def test_a_numbered_name_is_not_that_of_a_picture_that_comes_later():
    names = 'a.png', 'a.png', 'a 2.png', 'a.png'
    pictures = [OpenPicture(name, (9, 9), '', '') for name in names]
    apart = saving.named_apart(pictures)
    assert [*apart] == ['a.png', 'a 3.png', 'a 2.png', 'a 4.png']
    assert [*apart.values()] == pictures


@pytest.mark.slow
def test_the_drawn_picture_shows_what_the_slider_lets(desk: Desk, session, dress):
    def drawn(least: float) -> np.ndarray:
        data = saving.draw(dress, session.picture.garments, least, False)
        return cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)

    def changed(least: float) -> int:
        return int((drawn(least) != dress).any(axis=2).sum())

    assert drawn(0.2).shape == dress.shape
    assert changed(0.2) > changed(0.85) > changed(1.0) > 0  # a box and its caption


def test_styles_are_kept(desk: Desk, session):
    desk.style(session, dict(least=0.7, names=True))
    desk.style(session, dict(least='high', names=True))
    assert (session.least_score, session.with_names) == (0.7, True)
    assert desk.view(session)['least'] == 0.7


@pytest.mark.slow
def test_pictures_are_chosen(desk: Desk, session, dress_file: bytes):
    desk.add(session, dress_file, 'second.png', None)
    session.choose(0)
    assert session.picture.name == 'dress.png'
    for place in (7, -1, 'x', None):
        session.choose(place)
    assert session.picture.name == 'dress.png'


def test_a_picture_that_is_gone(desk: Desk, session):
    desk.sessions.clear(session)
    event = dict(picture='gone', box=[1, 2, 30, 40], ends=[[1, 1], [2, 2]])
    for handle in (
        lambda: desk.edit(session, event | dict(step=0, garments=[])),
        lambda: desk.add_box(session, event, None),
        lambda: desk.rule(session, event),
        lambda: desk.find_again(session, None),
    ):
        with pytest.raises(FormatError, match='not open any more'):
            handle()
    assert desk.view(session)['picture'] is None
    with pytest.raises(PictureError):
        desk.add(session, b'no picture', 'a.png', None)


@pytest.mark.slow
def test_networks_without_a_detector_need_a_category(finder: Finder):
    lone = Finder(GarmentInferencer(benchmark='fashionai', device='cpu'))
    with Sessions(Limits()) as sessions, sessions.of('me') as session:
        desk = Desk(lone, sessions)
        file = as_file(draw_fashionai('skirt', 20, 1).image)
        with pytest.raises(FormatError, match='choose one'):
            desk.add(session, file, 'a.png', None)
        desk.add(session, file, 'a.png', 'skirt')
        (garment,) = session.picture.garments
        assert garment.found.names[0] == 'waistband_left'
        event = dict(picture=session.picture.key, box=[10, 10, 300, 300])
        with pytest.raises(FormatError, match='choose its category first'):
            desk.add_box(session, event, None)


@pytest.mark.slow
@pytest.mark.parametrize('benchmark', ['deepfashion2', 'fashionai'])
def test_examples_are_drawn(benchmark: str):
    assert len(example_names(benchmark)) >= 2
    for name in example_names(benchmark):
        pixels, category = draw_example(benchmark, name)
        assert pixels.dtype == np.uint8 and pixels.ndim == 3
        assert (category is None) == (benchmark == 'deepfashion2')
    assert example_names('hats') == ()


def test_kinds_name_and_colour_every_point(desk: Desk):
    kinds = desk.kinds()
    assert tuple(kinds) == desk.finder.categories
    dress = kinds['long_sleeved_dress']
    assert len(dress['names']) == len(dress['points']) == 37
    assert dress['names'][6] == '7' and dress['color'].startswith('rgb(')


def test_networks_of_two_benchmarks_have_no_page():
    """A blouse would be saved as DeepFashion2's category of the same number."""
    names = dict(shorts='deepfashion2', skirt='deepfashion2', blouse='fashionai')
    networks = {key: SimpleNamespace(benchmark=name) for key, name in names.items()}
    with pytest.raises(ValueError, match='shorts is of deepfashion2, and .* blouse of'):
        Finder(SimpleNamespace(networks=networks, detector=None))
    del networks['blouse']
    finder = Finder(SimpleNamespace(networks=networks, detector=None))
    assert finder.benchmark.name == 'deepfashion2'


def test_garments_that_no_network_is_for_have_a_kind(desk: Desk, monkeypatch):
    """A file that is annotated may have some; the page broke on their pictures."""
    monkeypatch.setattr(desk.finder, 'categories', ('skirt',))
    kinds = desk.kinds()
    assert tuple(kinds) == tuple(desk.finder.benchmark.garments)
    assert [name for name, kind in kinds.items() if kind['is_found']] == ['skirt']


@pytest.mark.slow
def test_a_ruling_is_of_all_pictures(desk: Desk, session, dress_file: bytes):
    desk.rule(session, dict(picture=session.picture.key, ends=[[0, 0], [9, 9]]))
    desk.set_scale(session, 'marker', 7, 'a4')
    desk.add(session, dress_file, 'second.png', None)
    first, second = (each.ruling for each in session.pictures)
    assert (second.kind, second.centimetres, second.ends) == ('marker', 7, None)
    assert first.kind == 'marker' and first.ends.tolist() == [[0, 0], [9, 9]]
    desk.sessions.clear(session)
    desk.add(session, dress_file, 'third.png', None)
    assert session.picture.ruling.kind == 'marker'
