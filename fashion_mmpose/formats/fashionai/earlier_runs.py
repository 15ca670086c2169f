"""What earlier conversions have left in the folder of a conversion."""

import os
from collections.abc import Collection, Mapping
from pathlib import Path

from fashion_mmpose import garments
from fashion_mmpose.errors import FormatError

from .samples import Samples
from .submission import read_images


def notes_on_earlier_runs(
    splits: Mapping[str, Samples],
    written: Collection[str | os.PathLike],
    folder: str | os.PathLike,
) -> list[str]:
    """Lines on files that do not go with those that were written.

    A folder may be filled by several conversions. But where one divides the data
    otherwise than the one before, the files of both beside each other train on what
    they test.

    Args:
        splits: The splits that were written, by name.
        written: Their files.
        folder: The folder.

    Returns:
        list[str]: One for each other split that has images of these, and for each file
        of a category that these splits do not have any more.
    """
    fresh = {Path(path).name for path in written}
    ids = {name: {*samples.image_ids} for name, samples in splits.items()}
    why = (
        'which an earlier run wrote; to fix it: delete it, or convert into another '
        'folder'
    )
    notes = []
    for path in sorted(Path(folder).glob('*_all.json')):
        other = path.name.removesuffix('_all.json')
        if other not in splits:
            found = _names_in(path)
            shared = ((name, len(own & found)) for name, own in ids.items())
            notes += [
                f'{count} images are both in {name} and in {path}, {why}'
                for name, count in shared
                if count
            ]
    for name in splits:
        for category in garments.categories('fashionai'):
            path = Path(folder) / f'{name}_{category}.json'
            if path.name not in fresh and path.exists():
                notes.append(
                    f'{name} has no image of category {category}, but there is {path}, '
                    f'{why}'
                )
    return notes


def _names_in(path: Path) -> set[str]:
    """The ids of the challenge's images that a file lists; none if it is another's."""
    try:
        return {image['file_name'] for image in read_images([path])}
    except (FormatError, OSError):
        return set()
