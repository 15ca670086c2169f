"""In which layout a COCO file holds its key points, and an item's own among them."""

from collections.abc import Sequence
from typing import Annotated, NoReturn

import msgspec

from fashion_mmpose import garments
from fashion_mmpose.errors import FormatError
from fashion_mmpose.files.json_file import JsonDecoder

# Twice as fast to decode as floats, and small enough to become one.
Number = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)] | float


class CocoCategory(msgspec.Struct):
    """An entry of ``categories``."""

    id: int
    name: str
    keypoints: list[str] = []


def has_full_layout(
    path: str,
    entries: Sequence[CocoCategory],
    benchmark: garments.Named,
    category: str | None,
) -> bool:
    """Whether items have the points of all categories, or else those of their own."""
    known = [_known_category(path, entry, benchmark) for entry in entries]
    own = [list(garment.keypoints) for garment in known]
    full = _full_names(garments.benchmark(benchmark))
    if all(entry.keypoints == names for entry, names in zip(entries, own)):
        is_full = False
    elif all(entry.keypoints in full for entry in entries):
        is_full = True
    else:
        _refuse_layout(path, entries, own, full, garments.benchmark(benchmark).name)
    names = [entry.name for entry in entries]
    if category is not None and category not in names and names:
        raise FormatError(f'{path} has no category {category!r}: it lists {names}')
    return is_full


def _known_category(
    path: str, entry: CocoCategory, benchmark: garments.Named
) -> garments.Garment:
    try:
        known = garments.category_of_id(benchmark, entry.id)
    except ValueError as error:
        raise FormatError(f'{path}: {error}') from None
    if entry.name != known.name:
        raise FormatError(
            f'{path}: category {entry.id} is called {entry.name!r}, expected '
            f'{known.name!r}; to fix it: data_converters/labels_to_coco.py matches '
            'categories and key points by their names'
        )
    return known


def _full_names(benchmark: garments.Benchmark) -> list[list[str]]:
    """How files call the key points of the full layout."""
    names = [list(benchmark.keypoints)]
    # The published HRNet system numbers them.
    if benchmark.name == 'deepfashion2':
        names.append([str(i) for i in range(1, len(benchmark.keypoints) + 1)])
    return names


def _refuse_layout(
    path: str,
    entries: Sequence[CocoCategory],
    own: list[list[str]],
    full: list[list[str]],
    benchmark: str,
) -> NoReturn:
    for entry, names in zip(entries, own):
        if entry.keypoints != names and entry.keypoints not in full:
            raise FormatError(
                f'{path}: the key points of category {entry.name!r} are not those of '
                f'{benchmark}: the file has {len(entry.keypoints)} '
                f'({entry.keypoints[:3]}, ...), expected {len(names)} ({names[:3]}, '
                f'...), or those of all categories, {len(full[0])} ({full[0][:3]}, ...)'
            )
    places = {entry.keypoints in full: entry.name for entry in entries}
    raise FormatError(
        f'{path}: category {places[True]!r} is in the full layout, {places[False]!r} '
        'in its own; a file has one layout'
    )


class OwnNumbers:
    """Reads the own numbers of a category's items.

    In the full layout nearly all numbers are the zeros of other categories. Where
    they stand as they are commonly written, they are compared as text, which is ten
    times faster than to decode them.
    """

    ZEROS = ((b'0', b','), (b'0', b', '), (b'0.0', b', '), (b'0.0', b','))

    def __init__(self, garment: garments.Garment, full: bool) -> None:
        self.garment = garment
        self.full = full
        self.decoder = JsonDecoder(list[Number])
        self.num_own = 3 * len(garment.channels)
        self.num = self.num_own
        self.channels = garment.channels
        self.frames: list[tuple[bytes, bytes]] = []
        if full:
            self.num = 3 * garment.layout_size
            first, last = 3 * self.channels[0], 3 * self.channels[-1] + 3
            if last - first == self.num_own:
                self.frames = [
                    (
                        b'[' + (zero + comma) * first,
                        (comma + zero) * (self.num - last) + b']',
                    )
                    for zero, comma in self.ZEROS
                ]

    def read(self, raw: msgspec.Raw) -> list[float]:
        """3 * K numbers of an annotation's ``keypoints``, still text.

        Raises:
            FormatError: If they are no numbers, too many or too few, or if a key point
                of another category is there.
        """
        text = bytes(raw)
        for head, tail in self.frames:
            if text.startswith(head) and text.endswith(tail):
                own = self._decode(
                    b'[' + text[len(head) : len(text) - len(tail)] + b']'
                )
                if len(own) == self.num_own:
                    return own
        numbers = self._decode(text)
        if len(numbers) != self.num:
            raise FormatError(
                f'has {len(numbers)} key point numbers, expected {self.num}'
            )
        if not self.full:
            return numbers
        own = []
        for channel in self.channels:
            own += numbers[3 * channel : 3 * channel + 3]
            numbers[3 * channel : 3 * channel + 3] = (0, 0, 0)
        if any(numbers):
            index = next(i for i, number in enumerate(numbers) if number)
            raise FormatError(
                f'is of a {self.garment.name}, but has a number that is not 0 at key '
                f'point {index // 3 + 1}, which is of another category'
            )
        return own

    def _decode(self, text: bytes) -> list[float]:
        try:
            return self.decoder.decode(text)
        except msgspec.MsgspecError as error:
            raise FormatError(f'has key points that are no numbers: {error}') from None
