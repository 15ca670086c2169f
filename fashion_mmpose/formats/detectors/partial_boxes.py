"""The boxes of a detection run that is not finished yet."""

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import msgspec

from fashion_mmpose.errors import FormatError
from fashion_mmpose.files.digest import are_others
from fashion_mmpose.files.json_file import JsonList, decode, encode
from fashion_mmpose.files.writing.faults import errors_of
from fashion_mmpose.files.writing.outputs import OutputFiles

# x, y, width, height in pixels, score, category id.
BoxRow = tuple[float, float, float, float, float, int]
_SIZES = 'sizes'
T = TypeVar('T')


class _Finished(msgspec.Struct):
    image_id: int
    boxes: list[BoxRow]


class PartialBoxes:
    """The images that a detection run has finished, in files beside its output.

    JSON lines: first the settings of the run, then one line per image, appended and
    flushed as soon as the image is finished. Every process of a run appends to a file
    of its own, ``<out>.partial``, ``<out>.partial.1``, ...; what was finished is read
    from all of them. A last line without its line end is what a kill left of it, and
    counts as never written.

    Args:
        out: The run's output file.
        settings: What the boxes depend on, as plain JSON values; ``sizes`` are those of
            pictures, see :func:`.digest.are_others`.
    """

    def __init__(self, out: str | os.PathLike, settings: Mapping) -> None:
        self.out = Path(out)
        self.settings = dict(settings)

    def files(self) -> list[Path]:
        """The files that are there, in the order of their numbers."""
        form = re.compile(rf'{re.escape(self.out.name)}\.partial(?:\.([0-9]+))?')
        numbered = {
            int(found[1] or 0): path
            for path in self.out.parent.glob('*.partial*')
            if (found := form.fullmatch(path.name))
        }
        return [numbered[number] for number in sorted(numbered)]

    def read(self) -> dict[int, list[BoxRow]]:
        """The boxes of every finished image.

        Raises:
            FormatError: If a file is of a run with other settings, or damaged.
        """
        finished = {}
        for path in self.files():
            lines = _whole_lines(path)
            if lines:
                self._check_settings(path, lines[0])
            for number, line in enumerate(lines[1:], 2):
                entry = _decode(path, number, line, _Finished)
                finished[entry.image_id] = entry.boxes
        return finished

    def _check_settings(self, path: Path, line: bytes) -> None:
        begun = _decode(path, 1, line, dict)
        changed = sorted(
            key
            for key in {*begun, *self.settings} - {_SIZES}
            if begun.get(key) != self.settings.get(key)
        )
        if are_others(begun.get(_SIZES, ()), self.settings.get(_SIZES, ())):
            raise FormatError(
                f'{path} was begun with other pictures, most of which had other sizes; '
                'go on with those, or delete the file to begin anew'
            )
        if changed:
            changes = ', '.join(
                f'{key}: {begun.get(key)} then, {self.settings.get(key)} now'
                for key in changed
            )
            raise FormatError(
                f'{path} was begun with other settings ({changes}); go on with those, '
                'or delete the file to begin anew'
            )

    def append_to(self, number: int = 0) -> 'BoxAppender':
        """Open the file of process ``number`` for more images."""
        suffix = f'.{number}' if number else ''
        path = self.out.with_name(f'{self.out.name}.partial{suffix}')
        return BoxAppender(path, self.settings)

    def finish(self, image_ids: Iterable[int]) -> int:
        """Write the output, then remove the files.

        Args:
            image_ids: Images in the order of the output, all of them finished.

        Returns:
            int: How many boxes were written.

        Raises:
            FormatError: If an image is not among what was finished; nothing is written.
        """
        image_ids = list(image_ids)
        finished = self.read()
        missing = [image_id for image_id in image_ids if image_id not in finished]
        if missing:
            raise FormatError(
                f'{self.out} was not written: {len(missing)} of {len(image_ids)} '
                f'images are missing in {self.out.name}.partial, which something else '
                'has changed; the same command finishes them'
            )
        with OutputFiles() as outputs:
            file = outputs.open(self.out)
            boxes = JsonList(file, lines=True)
            boxes.extend(_entries(image_ids, finished))
            boxes.close()
            file.write('\n')
        for path in self.files():
            path.unlink()
        return boxes.count


class BoxAppender:
    """Appends finished images to a file; use it in a ``with`` block.

    Args:
        path: The file; it is made with its folder where it is missing.
        settings: The first line of a new file.
    """

    def __init__(self, path: Path, settings: Mapping) -> None:
        self._path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        whole = sum(map(len, _whole_lines(path))) if path.exists() else 0
        # Without a buffer: what a full disk does not take is not tried again.
        self._file = open(path, 'ab', buffering=0)  # noqa: SIM115
        self._file.truncate(whole)
        if not whole:
            self._write(settings)

    def __enter__(self) -> 'BoxAppender':
        return self

    def __exit__(self, *error) -> None:
        self._file.close()

    def append(self, image_id: int, boxes: Sequence[BoxRow]) -> None:
        """Note that an image is finished, with what was found in it."""
        self._write(dict(image_id=image_id, boxes=boxes))

    def _write(self, entry: Mapping) -> None:
        line = encode(entry).encode() + b'\n'
        with errors_of(self._path):
            while line:  # a disk that fills up takes a part of it
                line = line[self._file.write(line) :]


def _entries(
    image_ids: Iterable[int], finished: Mapping[int, list[BoxRow]]
) -> Iterator[dict]:
    for image_id in image_ids:
        for *bbox, score, category_id in finished[image_id]:
            yield dict(
                image_id=image_id, category_id=category_id, bbox=bbox, score=score
            )


def _whole_lines(path: Path) -> list[bytes]:
    lines = path.read_bytes().splitlines(keepends=True)
    return lines[:-1] if lines and not lines[-1].endswith(b'\n') else lines


def _decode(path: Path, number: int, line: bytes, kind: type[T]) -> T:
    try:
        return decode(line, kind)
    except msgspec.DecodeError as error:
        raise _damaged(path, number, str(error)) from None


def _damaged(path: Path, number: int, why: str) -> FormatError:
    return FormatError(
        f'{path}: line {number} is damaged ({why}); delete the file to begin anew'
    )
