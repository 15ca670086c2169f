"""A folder that is annotated: saved, stopped, gone on with, and read by data sets."""

import json
import os
import shutil
import time
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from predicted_garments import predicted_garment

from fashion_mmpose.errors import FormatError, PictureError
from fashion_mmpose.formats.coco.annotations import coco_categories
from fashion_mmpose.formats.coco.columns import read_columns
from fashion_mmpose.garments import GarmentPrediction, benchmark
from fashion_mmpose.synthetic import draw_deepfashion2
from fashion_mmpose.web.annotation import AnnotationFolder
from fashion_mmpose.web.corrected import Corrected
from fashion_mmpose.web.sessions import OpenPicture

pytestmark = pytest.mark.slow

DEEPFASHION2 = benchmark('deepfashion2')
DRESSES = (5, 6, 4)


@pytest.fixture(scope='module')
def dresses(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three pictures of a dress, one of them in a folder below."""
    place = tmp_path_factory.mktemp('dresses')
    (place / 'more').mkdir()
    for name, index in zip(('a.png', 'b.png', 'more/c.jpg'), DRESSES):
        picture = draw_deepfashion2(20, index, 'long_sleeved_dress').image
        cv2.imwrite(str(place / name), picture)
    (place / 'notes.txt').write_text('no picture')
    return place


@pytest.fixture
def folder(dresses: Path, tmp_path: Path) -> Path:
    """A copy of them that a test may change."""
    return shutil.copytree(dresses, tmp_path / 'pictures')


def open_folder(folder: Path, out: Path) -> AnnotationFolder:
    return AnnotationFolder(folder, out, DEEPFASHION2)


def sent(picture, step: int, place: int, point: list) -> dict:
    """An event that moves a point of the picture's first garment."""
    garments = [dict(key=g.key, points=g.view()['points']) for g in picture.garments]
    garments[0]['points'][place] = point
    return dict(picture=picture.key, step=step, garments=garments)


def test_corrections_are_saved_and_gone_on_with(
    desk_of, sessions, folder: Path, tmp_path: Path
):
    out = tmp_path / 'out' / 'corrected.json'
    with open_folder(folder, out) as task, sessions.of('me') as session:
        assert task.names == ['a.png', 'b.png', 'more/c.jpg']
        own = desk_of(task)
        own.open(session, task.next_to_do())
        picture = own.edit(session, sent(session.picture, 0, 3, [111, 222, 1, 1]))
        own.note(session, picture)
        own.done(session)
        assert (session.place, task.num_done) == (1, 1)
    columns = read_columns(out, 'deepfashion2')
    assert columns.images.file_names == ['a.png']
    assert columns.points[3].tolist() == [111, 222, 1]
    first = out.read_text()

    with open_folder(folder, out) as task, sessions.of('you') as session:
        assert task.next_to_do() == 1
        own = desk_of(task)
        own.open(session, 0)
        (garment,) = session.picture.garments
        assert garment.found.keypoints[3].tolist() == [111, 222]
        assert garment.visibility[3] == 1
        own.done(session)
        own.done(session)
        assert session.place == 2
    columns = read_columns(out, 'deepfashion2')
    assert columns.images.file_names == ['a.png', 'b.png']
    content, before = json.loads(out.read_text()), json.loads(first)
    assert content['images'][0] == before['images'][0]
    assert content['annotations'][0] == before['annotations'][0]


def test_pictures_without_garments_are_done_too(
    desk_of, sessions, folder: Path, tmp_path: Path
):
    out = tmp_path / 'corrected.json'
    with open_folder(folder, out) as task, sessions.of('me') as session:
        own = desk_of(task)
        own.open(session, 0)
        event = dict(picture=session.picture.key, step=0, garments=[])
        own.note(session, own.edit(session, event))
        own.done(session)
        own.done(session)
    columns = read_columns(out, 'deepfashion2')
    assert columns.images.file_names == ['a.png', 'b.png']
    assert columns.image_ids.tolist() == [2]
    with open_folder(folder, out) as task, sessions.of('me') as session:
        desk_of(task).open(session, 0)
        assert session.picture.garments == []


def test_what_a_file_has_besides_is_kept(
    desk_of, sessions, folder: Path, tmp_path: Path
):
    out = tmp_path / 'corrected.json'
    with open_folder(folder, out) as task, sessions.of('me') as session:
        own = desk_of(task)
        own.open(session, 0)
        own.done(session)
    content = json.loads(out.read_text())
    content['info'] |= dict(contributor='me')
    content['licenses'] = [dict(id=3, name='own')]
    content['annotations'][0] |= dict(style=7, iscrowd=1, id=41)
    content['images'][0] |= dict(license=3)
    content['images'].append(dict(id=99, file_name='gone.png', width=8, height=8))
    out.write_text(json.dumps(content))
    with open_folder(folder, out) as task, sessions.of('me') as session:
        own = desk_of(task)
        own.open(session, 0)
        own.done(session)
        own.done(session)
    again = json.loads(out.read_text())
    assert again['annotations'][0] == content['annotations'][0]
    assert [image['file_name'] for image in again['images']] == [
        'a.png',
        'b.png',
        'gone.png',
    ]
    assert again['images'][0]['license'] == 3
    assert again['licenses'] == content['licenses']
    assert again['info'] == content['info'] and again['info']['contributor'] == 'me'
    ids = [entry['id'] for entry in again['annotations']]
    assert ids[0] == 41 and len(set(ids)) == len(ids)
    assert [image['id'] for image in again['images']] == [1, 100, 99]


def kept_by_the_next_run(folder: Path, out: Path, found: GarmentPrediction):
    """A garment of a picture of 320x420 that its box leaves, noted and read again."""
    table = benchmark('fashionai')
    bbox = np.array((30, 50, 319, 419), np.float32)
    picture = OpenPicture('a.png', (320, 420), '', '')
    picture.hold(Corrected.from_prediction(replace(found, bbox=bbox)))
    with AnnotationFolder(folder, out, table) as task:
        task.note(picture)
    with AnnotationFolder(folder, out, table) as task:
        (kept,) = task.garments('a.png')
    return kept


def test_a_garment_that_is_cut_off_does_not_stop_the_next_run(
    folder: Path, tmp_path: Path
):
    """A box with the points that lie outside looked like the corners of one."""
    found = predicted_garment('skirt', [(40, 60), (290, 60), (30, 430), (350, 440)])
    kept = kept_by_the_next_run(folder, tmp_path / 'out.json', found)
    assert kept.found.bbox.tolist() == [30, 50, 320, 420]
    np.testing.assert_allclose(kept.found.keypoints, found.keypoints)


def test_a_crop_of_a_garment_does_not_stop_the_next_run(folder: Path, tmp_path: Path):
    found = predicted_garment('skirt', [(40, 60), (290, 60), (30, 530), (350, 640)])
    kept = kept_by_the_next_run(folder, tmp_path / 'out.json', found)
    assert kept.visibility.tolist() == [2, 2, 0, 0]


@pytest.mark.parametrize('written', ['./more/c.jpg', 'more\\c.jpg', 'more//c.jpg'])
def test_paths_may_be_written_otherwise(folder: Path, tmp_path: Path, written: str):
    image = dict(id=7, file_name=written, width=320, height=420)
    out = tmp_path / 'out.json'
    head = dict(categories=coco_categories(DEEPFASHION2), annotations=[])
    out.write_text(json.dumps(dict(head, images=[image])))
    with open_folder(folder, out) as task:
        assert task.num_done == 1
        assert task.is_done(task.names.index('more/c.jpg'))


def test_it_is_written_while_people_work(
    desk_of, sessions, folder: Path, tmp_path: Path
):
    out = tmp_path / 'corrected.json'
    with open_folder(folder, out) as task, sessions.of('me') as session:
        own = desk_of(task)
        own.open(session, 0)
        own.note(session, session.picture)
        until = time.monotonic() + 20
        while not out.exists():
            assert time.monotonic() < until
            time.sleep(0.05)
        assert len(read_columns(out, 'deepfashion2').images.ids) == 1


def test_a_place_that_fails_is_told_and_tried_again(
    desk_of, sessions, folder: Path, tmp_path: Path, monkeypatch
):
    import fashion_mmpose.web.annotation as module

    out = tmp_path / 'corrected.json'
    real = module.write

    def fail(*_):
        raise OSError('the disk is full')

    with open_folder(folder, out) as task, sessions.of('me') as session:
        own = desk_of(task)
        own.open(session, 0)
        monkeypatch.setattr(module, 'write', fail)
        own.note(session, session.picture)
        until = time.monotonic() + 20
        while not task.error:
            assert time.monotonic() < until
            time.sleep(0.05)
        assert own.where(session)['error'] == 'the disk is full'
        monkeypatch.setattr(module, 'write', real)
    assert len(read_columns(out, 'deepfashion2').images.ids) == 1


def test_a_broken_picture_does_not_end_the_folder(
    desk_of, sessions, folder: Path, tmp_path: Path
):
    (folder / 'b.png').write_bytes((folder / 'b.png').read_bytes()[:2000])
    with (
        open_folder(folder, tmp_path / 'out.json') as task,
        sessions.of('me') as session,
    ):
        own = desk_of(task)
        own.open(session, 0)
        with pytest.raises(PictureError, match='b.png'):
            own.done(session)
        assert (session.place, session.picture) == (1, None)
        own.open(session, session.place + 1)
        assert session.picture.name == 'more/c.jpg'
        assert own.where(session)['place'] == 3
        own.open(session, 99)
        assert session.place == 2


def test_a_picture_of_another_size_is_not_corrected(
    desk_of, sessions, folder: Path, tmp_path: Path
):
    """What is saved of it is of the picture that was there before."""
    out = tmp_path / 'out.json'
    with open_folder(folder, out) as task, sessions.of('me') as session:
        own = desk_of(task)
        own.open(session, 0)
        own.done(session)
        saved = task.garments('a.png')
        picture = cv2.imread(str(folder / 'a.png'))
        cv2.imwrite(str(folder / 'a.png'), picture[:300])
        with pytest.raises(FormatError, match='a.png has 468 x 300 px.* 468 x 624'):
            own.open(session, 0)
        own.done(session)
        assert session.place == 1 and task.garments('a.png') == saved


def test_nothing_is_found_in_a_picture_that_was_exchanged(
    desk_of, sessions, folder: Path, tmp_path: Path
):
    """Its garments would be saved as those of the picture that is shown."""
    with (
        open_folder(folder, tmp_path / 'out.json') as task,
        sessions.of('me') as session,
    ):
        own = desk_of(task)
        own.open(session, 0)
        before = session.picture.garments
        picture = cv2.imread(str(folder / 'a.png'))
        cv2.imwrite(str(folder / 'a.png'), picture[:300])
        box = dict(picture=session.picture.key, box=[10, 10, 300, 290])
        for find in (
            lambda: own.find_again(session, None),
            lambda: own.add_box(session, box, None),
        ):
            with pytest.raises(PictureError, match='300 px now, .* 468 x 624 px'):
                find()
        assert session.picture.garments == before


def test_a_page_that_broke_off_goes_on(desk_of, sessions, folder: Path, tmp_path: Path):
    with open_folder(folder, tmp_path / 'out.json') as task:
        own = desk_of(task)
        with sessions.of('me') as session:
            own.open(session, 1)
            event = sent(session.picture, 0, 3, [111, 222, 1, 1])
        sessions.forget('me')
        sessions.sweep(idle_s=-1)
        with sessions.of('me') as session:
            own.note(session, own.edit(session, event))
        assert task.garments('b.png')[0].found.keypoints[3].tolist() == [111, 222]


def test_a_page_of_an_earlier_server_does_not_go_on_without_a_word(
    desk_of, sessions, folder: Path, tmp_path: Path
):
    with open_folder(folder, tmp_path / 'out.json') as task:
        own = desk_of(task)
        with sessions.of('me') as session:
            with pytest.raises(FormatError, match='not open any more'):
                own.edit(session, dict(picture='old', step=7, garments=[]))
            with pytest.raises(FormatError, match='b.png was not open any more'):
                own.done(session, 1)
            assert (session.place, task.num_done) == (1, 0)
            own.done(session, 1)
            assert (session.place, task.num_done) == (2, 1)
        with sessions.of('you') as session:
            own.step(session, -1, 2)
            assert session.place == 1


def test_nobody_overwrites_what_another_one_has_corrected(
    desk_of, sessions, folder: Path, tmp_path: Path
):
    def place() -> list[float]:
        return task.garments('a.png')[0].found.keypoints[3].tolist()

    with open_folder(folder, tmp_path / 'out.json') as task:
        own = desk_of(task)
        with (
            sessions.of('me') as me,
            sessions.of('you') as you,
            sessions.of('she') as s,
        ):
            for session in (me, you, s):
                own.open(session, 0)
            for step in range(2):  # whoever was first goes on
                event = sent(me.picture, step, 3, [111, 222, 1, 1])
                own.note(me, own.edit(me, event))
            own.done(me)
            # Who has only looked at it goes on, too.
            own.done(you)
            assert you.place == 1 and place() == [111, 222]
            event = sent(s.picture, 0, 4, [5, 5, 1, 1])
            with pytest.raises(FormatError, match='changed by somebody else'):
                own.note(s, own.edit(s, event))
            with pytest.raises(FormatError, match='load it again'):
                own.done(s)
            assert s.place == 0 and place() == [111, 222]
            own.open(s, 0)
            own.note(s, own.edit(s, sent(s.picture, 0, 4, [5, 5, 1, 1])))
            (garment,) = task.garments('a.png')
            assert garment.found.keypoints[3:5].tolist() == [[111, 222], [5, 5]]


def test_pictures_that_no_file_may_name_are_left_out(folder: Path, tmp_path: Path):
    """The next start would refuse them, and all that was saved with them."""
    for name in ('x\ny.png', 'A\x7f.png', os.fsdecode(b'b\xff.png')):
        (folder / name).write_bytes((folder / 'a.png').read_bytes())
    task = open_folder(folder, tmp_path / 'out.json')
    assert task.names == ['a.png', 'b.png', 'more/c.jpg']
    assert len(task.left_out) == 3
    assert 'control characters' in ' '.join(task.left_out)


def test_folders_and_files_that_do_not_fit(folder: Path, tmp_path: Path):
    with pytest.raises(FileNotFoundError, match='is not a folder'):
        open_folder(tmp_path / 'nothing', tmp_path / 'out.json')
    (tmp_path / 'empty').mkdir()
    with pytest.raises(FileNotFoundError, match='holds no picture'):
        open_folder(tmp_path / 'empty', tmp_path / 'out.json')
    other = tmp_path / 'other.json'
    other.write_text('{"images": [], "annotations": [], "categories": [')
    with pytest.raises(FormatError, match='not valid JSON'):
        open_folder(folder, other)
    assert other.read_text().endswith('[')


def test_the_page_is_built(desk_of, folder: Path, tmp_path: Path):
    from fashion_mmpose.web.pages.annotation_page import annotation_page

    with open_folder(folder, tmp_path / 'out.json') as task:
        page = annotation_page(desk_of(task))
        names = {event.fn.__name__ for event in page.fns.values() if event.fn}
    assert {'on_edited', 'on_boxed', 'on_recategorized', 'handler'} <= names


def test_points_survive_any_number_of_turns(
    desk_of, sessions, folder: Path, tmp_path: Path
):
    out = tmp_path / 'corrected.json'
    found = []
    for _ in range(3):
        with open_folder(folder, out) as task, sessions.of('me') as session:
            own = desk_of(task)
            own.open(session, 0)
            own.done(session)
        found.append(read_columns(out, 'deepfashion2'))
    for each in found[1:]:
        np.testing.assert_array_equal(each.points, found[0].points)
        np.testing.assert_array_equal(each.boxes, found[0].boxes)
