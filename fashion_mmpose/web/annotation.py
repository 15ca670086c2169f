"""A folder of pictures that is annotated: where it stands, and how it is saved.

The file is COCO JSON in the benchmark's full layout. Its images are the pictures that
somebody has looked at, those without garments included; so it tells where to go on.
"""

import os
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from fashion_mmpose.errors import FormatError
from fashion_mmpose.files.inner_paths import path_fault, with_slashes
from fashion_mmpose.files.json_file import read_json
from fashion_mmpose.formats.coco.columns import read_columns
from fashion_mmpose.formats.labels.entries import Converted, write
from fashion_mmpose.garments import Benchmark, GarmentPrediction, category_of_id
from fashion_mmpose.media.sources import find_sources

from .corrected import BY_HAND, Corrected
from .sessions import OpenPicture

_PAUSE_S = 1.0  # seconds between two writings, at least
_BUSY = 10  # a file is written for a tenth of the time at most
# What of an annotation is written anew; the rest stays as it was.
_WRITTEN = frozenset(
    'id image_id category_id bbox area num_keypoints keypoints'.split()
)


@dataclass(eq=False)
class Entry:
    """A picture that somebody has looked at.

    Attributes:
        image: Its entry of ``images``.
        garments: Its garments.
        version: So many times they were noted, or read.
    """

    image: dict[str, Any]
    garments: list[Corrected]
    version: int = 0


class AnnotationFolder:
    """The pictures of a folder and their annotations; to be used in a ``with`` block.

    What is noted is written within seconds, and at the latest when the block is left.

    Args:
        folder: The pictures, also those of folders below it.
        out: The COCO file; one that exists is gone on with.
        benchmark: Whose garments they are.

    Attributes:
        names: Paths of the pictures below the folder, in order.
        left_out: Why other pictures cannot be annotated: no file may name them.

    Raises:
        FileNotFoundError: If there is no picture.
        FormatError: If the file is there and none of this benchmark.
    """

    def __init__(
        self, folder: str | os.PathLike, out: str | os.PathLike, benchmark: Benchmark
    ) -> None:
        self.folder, self.out = Path(folder), Path(out)
        self._benchmark = benchmark
        if not self.folder.is_dir():
            raise FileNotFoundError(f'{folder} does not exist, or is not a folder')
        sources = [s for s in find_sources(self.folder) if s.kind == 'picture']
        # The next start would refuse a file that names them.
        faults = {s.name: s.fault or path_fault(s.name) for s in sources}
        self.left_out = [fault for fault in faults.values() if fault]
        self.names = [name for name, fault in faults.items() if not fault]
        if not self.names:
            raise FileNotFoundError(
                f'{folder} holds no picture that can be annotated: '
                + ('; '.join(self.left_out[:3]) or 'it has none')
            )
        self._entries: dict[str, Entry] = {}
        self._more: dict[str, Any] = {}
        self._next_image = self._next_garment = 1
        self._lock = threading.Lock()
        self._is_changed, self._is_ending = False, threading.Event()
        self._error = ''
        self._writer = threading.Thread(target=self._write_now_and_then, daemon=True)
        if self.out.exists():
            self._read()

    def __enter__(self) -> 'AnnotationFolder':
        self._writer.start()
        return self

    def __exit__(self, error_type, error, traceback) -> None:
        self._is_ending.set()
        self._writer.join()
        self.write()

    @property
    def num_done(self) -> int:
        """So many pictures of the folder were looked at."""
        return sum(name in self._entries for name in self.names)

    @property
    def error(self) -> str:
        """Why it could not be saved the last time; empty if it could."""
        return self._error

    def is_done(self, place: int) -> bool:
        """Whether somebody has looked at a picture."""
        return self.names[place] in self._entries

    def next_to_do(self, after: int = -1) -> int | None:
        """The place of the next picture that is to be looked at; None if none is."""
        count = len(self.names)
        order = [(after + 1 + step) % count for step in range(count)]
        return next((place for place in order if not self.is_done(place)), None)

    def garments(self, name: str) -> list[Corrected] | None:
        """The garments of a picture as they are saved; None for one to be done."""
        entry = self._entries.get(name)
        return None if entry is None else list(entry.garments)

    def check_size(self, picture: OpenPicture) -> None:
        """Make sure that a picture is the one that was annotated.

        Raises:
            FormatError: If what is saved is of one of another size.
        """
        entry = self._entries.get(picture.name)
        if entry is None:
            return
        saved = entry.image.get('width'), entry.image.get('height')
        if saved != picture.size:
            raise FormatError(
                f'{picture.name} has {picture.size[0]} x {picture.size[1]} px, and its '
                f'annotations are of {saved[0]} x {saved[1]} px; to fix it: put the '
                f'picture back, or take its entries out of {self.out}'
            )

    def version(self, name: str) -> int:
        """Tells what is saved of a picture from what was before; 0 if nothing is.

        To be asked for before the garments, so that what comes in between is not taken
        for known.
        """
        entry = self._entries.get(name)
        return 0 if entry is None else entry.version

    def note(self, picture: OpenPicture) -> None:
        """Note what became of a picture; it counts as looked at.

        If somebody else has saved it since it was opened, that stays.

        Raises:
            FormatError: If that is so, and the picture was corrected here, too.
        """
        with self._lock:
            entry = self._entries.get(picture.name)
            if entry is not None and entry.version != picture.version:
                if not picture.is_changed:
                    return
                raise FormatError(
                    f'{picture.name} was changed by somebody else, or in another tab, '
                    'since it was opened here, so that what you corrected is not '
                    'saved; to fix it: load it again by Enter in "Go to picture"'
                )
            if entry is None:
                width, height = picture.size
                image = dict(
                    id=self._next_image,
                    file_name=picture.name,
                    width=width,
                    height=height,
                )
                entry = self._entries[picture.name] = Entry(image, [])
                self._next_image += 1
            for place, garment in enumerate(picture.garments):
                if garment.number is None:
                    numbered = replace(garment, number=self._next_garment)
                    picture.garments[place] = numbered
                    picture.known[numbered.key] = numbered
                    self._next_garment += 1
            entry.garments = list(picture.garments)
            entry.version += 1
            picture.is_saved(entry.version)
            self._is_changed = True

    def write(self) -> None:
        """Write what was noted, if anything was since the last time.

        Raises:
            OSError: If the file cannot be written.
        """
        with self._lock:
            if not self._is_changed:
                return
            done = Converted(more=self._more)
            for name in self._order():
                entry = self._entries[name]
                done.images.append(entry.image)
                size = entry.image['width'], entry.image['height']
                items = [each.to_item(name, size) for each in entry.garments]
                done.items.append(items)
            self._is_changed = False
        try:
            write(done, self._benchmark, self.out)
        except BaseException:
            self._is_changed = True
            raise

    def _order(self) -> list[str]:
        """The pictures that are done: as the folder has them, then what it lacks."""
        own = {name: None for name in self.names if name in self._entries}
        return [*own, *(name for name in self._entries if name not in own)]

    def _write_now_and_then(self) -> None:
        pause = _PAUSE_S
        while not self._is_ending.wait(pause):
            start = time.monotonic()
            try:
                self.write()
                self._error = ''
            except OSError as error:  # a full disk may have room again
                self._error = str(error)
            pause = max(_PAUSE_S, _BUSY * (time.monotonic() - start))

    def _read(self) -> None:
        """Take over the annotations of the file, and what else it says of them."""
        columns = read_columns(
            self.out, self._benchmark, points_dtype=np.float64, image_root=self.folder
        )
        content = read_json(self.out)
        own = ('images', 'annotations', 'categories')
        self._more = {key: v for key, v in content.items() if key not in own}
        if not isinstance(self._more.get('info'), Mapping):
            self._more.pop('info', None)
        images = {image['id']: image for image in content['images']}
        kept = {each['id']: _rest(each) for each in content['annotations']}
        # Other tools write them in other ways: './a.jpg', and 'sub\\a.jpg'.
        told = (with_slashes(each, self.folder) for each in columns.images.file_names)
        names = dict(zip(columns.images.ids.tolist(), map(os.path.normpath, told)))
        for number, name in names.items():
            self._entries[name] = Entry(images[number], [], version=1)
        for row, number in enumerate(columns.ids.tolist()):
            name = names[int(columns.image_ids[row])]
            garment = self._garment(
                int(columns.category_ids[row]),
                columns.points[columns.starts[row] : columns.starts[row + 1]],
                columns.boxes[row],
                name,
            )
            garment = replace(garment, number=number, kept=kept[number])
            self._entries[name].garments.append(garment)
        self._next_image = max(names, default=0) + 1
        self._next_garment = max(columns.ids.tolist(), default=0) + 1

    def _garment(
        self, category_id: int, points: np.ndarray, box: np.ndarray, name: str
    ) -> Corrected:
        kind = category_of_id(self._benchmark, category_id)
        found = GarmentPrediction(
            image_id=0,
            image=name,
            frame=None,
            benchmark=kind.dataset,
            category=kind.name,
            # In full precision: what is not corrected stays as it is in the file.
            bbox=np.concatenate((box[:2], box[:2] + box[2:])),
            bbox_score=1.0,
            keypoints=points[:, :2],
            scores=np.full(len(points), BY_HAND, np.float32),
            definition=self._benchmark,
        )
        return Corrected(found, points[:, 2].astype(int), np.ones(len(points), bool))


def _rest(annotation: Mapping) -> dict[str, Any]:
    return {key: v for key, v in annotation.items() if key not in _WRITTEN}
