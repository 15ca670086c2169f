"""What one browser has open, and how long that is kept."""

import os
import shutil
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from secrets import token_hex
from tempfile import mkdtemp
from typing import Any

import numpy as np

from fashion_mmpose.errors import PictureError
from fashion_mmpose.measure import AnyScale

from .corrected import Corrected, correct_all
from .lengths import Ruling
from .uploads import MEGABYTE, Limits, decode_upload

IDLE_S = 3600.0  # a browser that asks for nothing for so long is forgotten
UPLOAD_S = 300.0  # an uploaded file that nothing is asked of for so long is deleted
# So many pages of a folder are remembered; each takes about the memory of its picture.
PAGES = 200
_PREFIX = 'fashion_mmpose_web_'


@dataclass(eq=False)
class OpenPicture:
    """A picture, what was found in it, and what became of that.

    Attributes:
        name: What it is called.
        size: Width and height in pixels.
        view: It as a data address, for a browser.
        thumb: The same, small.
        path: Its file, once it is kept.
        kept_bytes: Its bytes in the temporary folder; 0 for a file of the user's.
        garments: Its garments.
        known: All garments that it ever had, by their keys.
        ruling: What tells centimetres in it.
        told: The scale and the message that the ruling of the first entry gave.
        step: Number of the last change that a browser sent.
        revision: Number of the last change that was made here: a garment that came, or
            one that gave way to another.
        born: In which revision each garment came, by its key.
        gone: In which revision garments gave way, by their keys.
        saved: The step and the revision that were opened or saved last.
        version: Of what is saved of it, as it was opened or saved last.
        key: What tells it from all other pictures.
    """

    name: str
    size: tuple[int, int]
    view: str
    thumb: str
    path: Path | None = None
    kept_bytes: int = 0
    garments: list[Corrected] = field(default_factory=list)
    known: dict[int, Corrected] = field(default_factory=dict)
    ruling: Ruling = field(default_factory=Ruling)
    told: tuple[Ruling, AnyScale, str] | None = None
    step: int = -1
    revision: int = 0
    born: dict[int, int] = field(default_factory=dict)
    gone: dict[int, int] = field(default_factory=dict)
    saved: tuple[int, int] = (-1, 0)
    version: int = 0
    key: str = field(default_factory=lambda: token_hex(8))

    @property
    def is_changed(self) -> bool:
        """Whether anything was changed since it was opened or saved."""
        return (self.step, self.revision) != self.saved

    def is_saved(self, version: int) -> None:
        """Note that it is as it is saved, in that version."""
        self.saved, self.version = (self.step, self.revision), version

    def hold(self, garment: Corrected) -> Corrected:
        """Let the picture have one more garment, which gets its key."""
        kept = replace(garment, key=len(self.known) + 1)
        self.known[kept.key] = kept
        self.garments.append(kept)
        self.revision += 1
        self.born[kept.key] = self.revision
        return kept

    def exchange(self, old: Corrected, new: Corrected) -> None:
        """Put a garment in the place of another one."""
        place = self.garments.index(old)
        self.hold(new)
        self.garments[place] = self.garments.pop()
        self.gone[old.key] = self.revision

    def replace_all(self, new: Iterable[Corrected]) -> None:
        """Put other garments in the place of all."""
        self.revision += 1
        self.gone |= {each.key: self.revision for each in self.garments}
        self.garments = []
        for garment in new:
            self.hold(garment)

    def correct(self, sent: Any, step: int, seen: int | None = None) -> bool:
        """Take over what became of the garments in a browser.

        What happened here after the revision that the browser shows stays: it has sent
        its garments without knowing of it.

        Args:
            sent: See :func:`.corrected.correct_all`.
            step: Number of the change; one that comes late is not taken.
            seen: The revision that the browser shows. Defaults to the last one.

        Returns:
            bool: Whether it was taken.

        Raises:
            FormatError: If it cannot be.
        """
        if step <= self.step:
            return False
        seen = self.revision if seen is None else seen
        corrected = correct_all(self.known, sent, self.size)
        newer = [each for each in self.garments if self.born[each.key] > seen]
        here = {each.key for each in newer}
        self.garments = [
            each
            for each in corrected
            if self.gone.get(each.key, 0) <= seen and each.key not in here
        ] + newer
        self.known |= {each.key: each for each in self.garments}
        self.step = step
        return True

    def pixels(self, limits: Limits) -> np.ndarray:
        """Its pixels, read once more: BGR, uint8, shape (H, W, 3).

        Raises:
            OSError: If its file is gone.
            PictureError: If it cannot be decoded, or has another size than it had.
        """
        assert self.path is not None  # as of every picture of a session
        pixels = decode_upload(self.path.read_bytes(), self.name, limits)
        height, width = pixels.shape[:2]
        # A picture of a folder of the user's lies where other programs change it.
        if (width, height) != self.size:
            raise PictureError(
                f'{self.name} has {width} x {height} px now, and it was opened with '
                f'{self.size[0]} x {self.size[1]} px; to fix it: put the picture back, '
                'or open it once more'
            )
        return pixels


@dataclass(eq=False)
class Session:
    """The pictures of one browser.

    Attributes:
        folder: Where their files lie.
        pictures: All of them.
        current: Place of the one that is shown.
        least_score: Points that score less are not drawn.
        with_names: Whether the names of the points are drawn.
        ruling: What tells centimetres in its pictures.
        place: In a folder that is annotated, the place of the picture.
        is_begun: Whether a picture of such a folder was asked for. It lies where it is,
            so that the session holds no file.
        category: Of the garments that are found in its pictures; empty for any.
        lock: Held by whoever changes something.
        used: When it was last asked for, by the monotonic clock.
    """

    folder: Path
    pictures: list[OpenPicture] = field(default_factory=list)
    current: int = 0
    least_score: float = 0.2
    with_names: bool = False
    ruling: Ruling = field(default_factory=Ruling)
    place: int = 0
    is_begun: bool = False
    category: str = ''
    lock: threading.RLock = field(default_factory=threading.RLock)
    used: float = field(default_factory=time.monotonic)

    @property
    def picture(self) -> OpenPicture | None:
        """The one that is shown."""
        return self.pictures[self.current] if self.pictures else None

    def picture_of(self, key: object) -> OpenPicture | None:
        """The picture of that key."""
        return next((each for each in self.pictures if each.key == key), None)

    def choose(self, place: object) -> None:
        """Show another picture; what is no place of one changes nothing."""
        if type(place) is int and 0 <= place < len(self.pictures):
            self.current = place


class Sessions:
    """What all browsers have open; to be used in a ``with`` block.

    Pictures lie in a temporary folder, which is removed with the block.

    Args:
        limits: What is taken.

    Attributes:
        root: The temporary folder.
        uploads: Its folder of files that were uploaded and not asked for yet.
    """

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.root = Path(mkdtemp(prefix=_PREFIX))
        self.uploads = self.root / 'uploads'
        self.uploads.mkdir()
        self._held: dict[str, Session] = {}
        self._lock = threading.Lock()
        self._count = 0
        self._bytes = 0

    def __enter__(self) -> 'Sessions':
        return self

    def prepare_gradio(self) -> None:
        """Let Gradio stay on this machine, and keep its files in this folder.

        It looks at these settings when it is imported and when a page is made.
        """
        os.environ['GRADIO_ANALYTICS_ENABLED'] = 'False'
        os.environ['GRADIO_TEMP_DIR'] = str(self.uploads)
        os.environ['HF_HUB_DISABLE_TELEMETRY'] = '1'

    def __exit__(self, error_type, error, traceback) -> None:
        shutil.rmtree(self.root, ignore_errors=True)

    def __len__(self) -> int:
        return len(self._held)

    @contextmanager
    def of(self, key: str | None) -> Iterator[Session]:
        """A browser's session, which nobody else changes within the block.

        Args:
            key: What tells browsers apart.
        """
        while True:
            session = self._session(key or '')
            with session.lock:
                # It may have been forgotten while somebody else was at it.
                if self._held.get(key or '') is not session:
                    continue
                session.used = time.monotonic()
                yield session
                return

    def _session(self, key: str) -> Session:
        with self._lock:
            if key not in self._held:
                self._count += 1
                self._held[key] = Session(self.root / f'session{self._count}')
            return self._held[key]

    def add(self, session: Session, data: bytes, opened: OpenPicture) -> None:
        """Keep a picture.

        Args:
            session: Whose it is.
            data: The bytes of its file.
            opened: The picture; its ``path`` is set here.

        Raises:
            OSError: If it cannot be written.
            PictureError: If there is no room for it.
        """
        if len(session.pictures) >= self.limits.pictures:
            raise PictureError(
                f'{opened.name}: {self.limits.pictures} pictures are open, which is '
                'the limit; to fix it: press "Clear"'
            )
        with self._lock:
            if self._bytes + len(data) > self.limits.disk_megabytes * MEGABYTE:
                raise PictureError(
                    f'{opened.name}: there is no room for more pictures here at the '
                    'moment; try again later'
                )
            self._bytes += len(data)
        path = session.folder / f'{time.monotonic_ns()}'
        try:
            session.folder.mkdir(exist_ok=True)
            path.write_bytes(data)
        except BaseException:
            # What is not kept takes no room, also if a part of it is there already.
            with suppress(OSError):
                path.unlink(missing_ok=True)
            with self._lock:
                self._bytes -= len(data)
            raise
        opened.path, opened.kept_bytes = path, len(data)
        session.pictures.append(opened)
        session.current = len(session.pictures) - 1

    def clear(self, session: Session) -> None:
        """Forget a session's pictures, and delete their files."""
        with self._lock:
            self._bytes -= sum(each.kept_bytes for each in session.pictures)
        session.pictures, session.current = [], 0
        shutil.rmtree(session.folder, ignore_errors=True)

    def forget(self, key: str | None) -> None:
        """Forget a browser, which was closed.

        One that annotates a folder is remembered: a connection that broke for a moment
        looks like a page that was closed, and the page goes on after it.
        """
        with self._lock:
            session = self._held.get(key or '')
            if session is not None and session.is_begun:
                return
        self._drop(key or '')

    def _drop(self, key: str) -> None:
        with self._lock:
            session = self._held.pop(key, None)
        if session is not None:
            with session.lock:
                self.clear(session)

    def sweep(self, idle_s: float = IDLE_S, upload_s: float = UPLOAD_S) -> None:
        """Forget browsers that ask for nothing, and uploads that nobody asks for.

        Of those that annotate a folder, the last :data:`PAGES` are remembered.

        Args:
            idle_s: A browser's seconds without a question.
            upload_s: The age of an upload in seconds.
        """
        now = time.monotonic()
        with self._lock:
            idle = [key for key, s in self._held.items() if now - s.used > idle_s]
            begun = [key for key in idle if self._held[key].is_begun]
            begun.sort(key=lambda key: self._held[key].used)
        for key in {*idle} - {*begun[-PAGES:]}:
            self._drop(key)
        oldest = time.time() - upload_s
        for parent, _, names in os.walk(self.uploads, topdown=False):
            for path in (Path(parent) / name for name in names):
                with suppress(OSError):  # somebody else was faster
                    if path.stat().st_mtime < oldest:
                        path.unlink()
            # A new folder is about to get its file.
            with suppress(OSError):  # it is not empty
                if Path(parent) != self.uploads and os.stat(parent).st_mtime < oldest:
                    os.rmdir(parent)
