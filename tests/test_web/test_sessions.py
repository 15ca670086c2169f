"""What browsers have open, and how it is forgotten."""

import os
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from fashion_mmpose.errors import PictureError
from fashion_mmpose.web.desk import open_picture
from fashion_mmpose.web.sessions import Session, Sessions
from fashion_mmpose.web.uploads import MEGABYTE, Limits


def add(sessions: Sessions, session: Session, data: bytes):
    opened, _ = open_picture(data, 'dress.png', Limits())
    sessions.add(session, data, opened)
    return opened


def test_a_picture_is_kept_and_read_again(sessions, dress, dress_file):
    with sessions.of('me') as session:
        opened = add(sessions, session, dress_file)
        assert session.picture is opened
        assert opened.path.is_relative_to(sessions.root)
        np.testing.assert_array_equal(opened.pixels(Limits()), dress)


def test_browsers_have_pictures_of_their_own(sessions, dress_file):
    with sessions.of('me') as session:
        add(sessions, session, dress_file)
    with sessions.of('you') as other:
        assert other.pictures == []
    with sessions.of('me') as again:
        assert len(again.pictures) == 1


def test_nothing_is_left_of_a_closed_page(sessions, dress_file):
    with sessions.of('me') as session:
        path = add(sessions, session, dress_file).path
    sessions.forget('me')
    sessions.forget('nobody')
    assert len(sessions) == 0
    assert not path.parent.exists()


def test_nothing_is_left_at_the_end(dress_file):
    with Sessions(Limits()) as sessions:
        with sessions.of('me') as session:
            add(sessions, session, dress_file)
        assert sessions.root.is_dir()
    assert not sessions.root.exists()


def test_the_number_of_pictures_is_limited(dress_file):
    with Sessions(Limits(pictures=2)) as sessions, sessions.of('me') as session:
        for _ in range(2):
            add(sessions, session, dress_file)
        with pytest.raises(PictureError, match='2 pictures are open'):
            add(sessions, session, dress_file)
        sessions.clear(session)
        add(sessions, session, dress_file)
        assert len(session.pictures) == 1


def test_the_disk_is_not_filled(dress_file):
    room = 1.5 * len(dress_file) / MEGABYTE
    with Sessions(Limits(disk_megabytes=room)) as sessions:
        with sessions.of('me') as session:
            add(sessions, session, dress_file)
        with (
            sessions.of('you') as other,
            pytest.raises(PictureError, match='no room for more'),
        ):
            add(sessions, other, dress_file)
        sessions.forget('me')
        with sessions.of('you') as other:
            add(sessions, other, dress_file)


def test_a_full_disk_takes_no_room(dress_file, monkeypatch):
    def fail(path: Path, data: bytes) -> int:
        with path.open('wb') as file:
            file.write(data[:100])
        raise OSError('the disk is full')

    room = 1.5 * len(dress_file) / MEGABYTE
    with Sessions(Limits(disk_megabytes=room)) as sessions, sessions.of('me') as own:
        with monkeypatch.context() as patched:
            patched.setattr(Path, 'write_bytes', fail)
            for _ in range(3):
                with pytest.raises(OSError, match='the disk is full'):
                    add(sessions, own, dress_file)
        assert own.pictures == [] and [*own.folder.iterdir()] == []
        add(sessions, own, dress_file)


def test_idle_browsers_and_old_uploads_are_swept(sessions, dress_file):
    with sessions.of('idle') as session:
        add(sessions, session, dress_file)
        session.used = time.monotonic() - 100
    with sessions.of('busy'):
        pass
    for name, age in (('old', 1000), ('new', 0)):
        file = sessions.uploads / name / 'a.png'
        file.parent.mkdir()
        file.write_bytes(b'')
        os.utime(file, (time.time() - age,) * 2)
    sessions.sweep(idle_s=50, upload_s=300)
    assert len(sessions) == 1
    left = [path.name for path in sessions.uploads.rglob('*')]
    assert sorted(left) == ['a.png', 'new', 'old']
    os.utime(sessions.uploads / 'old', (0, 0))
    sessions.sweep(idle_s=50, upload_s=300)
    assert [path.name for path in sessions.uploads.iterdir()] == ['new']


def test_few_pages_of_a_folder_are_remembered(sessions, monkeypatch):
    monkeypatch.setattr('fashion_mmpose.web.sessions.PAGES', 2)
    for age, name in enumerate(('last', 'second', 'first')):
        with sessions.of(name) as session:
            session.is_begun, session.place = True, 5
            session.used = time.monotonic() - 100 - age
    sessions.forget('first')
    assert len(sessions) == 3
    sessions.sweep(idle_s=50)
    places = {}
    for name in ('last', 'second', 'first'):
        with sessions.of(name) as session:
            places[name] = session.place
    assert places == dict(last=5, second=5, first=0)


def test_one_at_a_time_changes_a_session(sessions):
    counts = []

    def work():
        for _ in range(50):
            with sessions.of('me') as session:
                before = session.current
                time.sleep(0.0001)
                session.current = before + 1
        counts.append(1)

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(30)
    with sessions.of('me') as session:
        assert (len(counts), session.current) == (4, 200)
