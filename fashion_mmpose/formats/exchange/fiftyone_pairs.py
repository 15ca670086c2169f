"""Which boxes and key points of a picture in FiftyOne are of one garment.

Those of the same ``index`` are. A garment that was copied in FiftyOne has the index of
its original, so boxes and key points of one index belong together in their order.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fashion_mmpose.errors import FormatError


@dataclass(frozen=True)
class Pairs:
    """The boxes and key points of a picture.

    Attributes:
        whole: Box and key points of each garment that has key points, in the order of
            these; the box is empty where there is none.
        bare: Boxes without key points.
        unclear: Boxes without key points that may be those of key points without a box:
            they have the same label, and no index tells.
    """

    whole: Sequence[tuple[Mapping[str, Any], Mapping[str, Any]]]
    bare: Sequence[Mapping[str, Any]]
    unclear: Sequence[Mapping[str, Any]]

    @classmethod
    def of(
        cls, boxes: Sequence[Mapping], points: Sequence[Mapping], where: str
    ) -> 'Pairs':
        """Pair the boxes and the key points of a picture.

        Args:
            boxes: FiftyOne's ``Detection`` entries.
            points: FiftyOne's ``Keypoint`` entries.
            where: The picture, for errors.

        Raises:
            FormatError: If an index has boxes and key points, but not as many of both.
        """
        waiting, pointed = _by_index(boxes), _by_index(points)
        for index in waiting.keys() & pointed.keys():
            counts = len(waiting[index]), len(pointed[index])
            if counts[0] != counts[1]:
                raise FormatError(
                    f'{where}: {counts[0]} boxes and {counts[1]} sets of key points '
                    f'have the index {index}, which does not tell which belong '
                    'together; to fix it: give the box and the key points of each '
                    'garment an index of their own'
                )
        whole = []
        for entry in points:
            found = waiting.get(entry.get('index'))
            whole.append((found.pop(0) if found else {}, entry))
        left = {id(box) for found in waiting.values() for box in found}
        alone = [box for box in boxes if box.get('index') is None or id(box) in left]
        labels = {entry.get('label') for box, entry in whole if not box}
        unclear = [box for box in alone if box.get('label') in labels]
        bare = [box for box in alone if box.get('label') not in labels]
        return cls(whole, bare, unclear)


def _by_index(entries: Sequence[Mapping]) -> dict[Any, list[Mapping]]:
    found = defaultdict(list)
    for entry in entries:
        if entry.get('index') is not None:
            found[entry['index']].append(entry)
    return dict(found)
