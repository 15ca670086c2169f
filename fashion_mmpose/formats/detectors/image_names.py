"""Images as other tools name them: by a path, the file's name, or its stem."""

from pathlib import PurePosixPath

from fashion_mmpose.errors import FormatError
from fashion_mmpose.files.pictures.formats import PICTURE_SUFFIXES
from fashion_mmpose.formats.coco.images import ImageList


class ImageNames:
    """Finds the ids of a COCO file's images by their names.

    Args:
        images: The images.
    """

    def __init__(self, images: ImageList) -> None:
        self._sizes = dict(zip(images.ids, images.sizes))
        self._paths: dict[str, set[int]] = {}
        self._tails: dict[str, set[int]] = {}
        self._stems: dict[str, set[int]] = {}
        self._found: dict[int, str] = {}
        for image_id, path in zip(images.ids, images.paths):
            place = PurePosixPath(path)
            self._paths.setdefault(path, set()).add(image_id)
            for tail in _tails(place):
                self._tails.setdefault(tail, set()).add(image_id)
            self._stems.setdefault(place.stem, set()).add(image_id)

    def find(self, where: str, name: str, is_stem: bool = False) -> int:
        """The id of an image.

        Args:
            where: What names it, for errors.
            name: Its path, file name or stem; of a path, the end may do, and a picture
                that was saved in another format has another suffix.
            is_stem: Whether a suffix was taken off the name already. Defaults to False.

        Raises:
            FormatError: If no image or several have this name, or the image was found
                by a path that is another picture's.
        """
        plain = PurePosixPath(name.replace('\\', '/'))
        places = [
            (self._paths, str(plain)),
            *((self._tails, tail) for tail in _tails(plain)),
            (self._stems, plain.name),
        ]
        # What follows the dot of photo.back is no suffix: photo is another picture.
        if not is_stem and plain.suffix.lower() in PICTURE_SUFFIXES:
            places.append((self._stems, plain.stem))
        ids = ()
        for known, wanted in places:
            ids = known.get(wanted, ())
            if len(ids) == 1:
                (image_id,) = ids
                self._refuse_another(where, image_id, str(plain))
                return image_id
            if ids:
                break
        problem = 'several images' if ids else 'no image'
        raise FormatError(
            f'{where}: {problem} of the annotation file has the name {name!r}'
        )

    def _refuse_another(self, where: str, image_id: int, name: str) -> None:
        """Refuse an image for a second picture, which the file does not list."""
        before = self._found.setdefault(image_id, name)
        short, long = sorted((before, name), key=len)
        if not f'/{long}'.endswith(f'/{short}'):
            raise FormatError(
                f'{where}: {name!r} and {before!r} both lead to image {image_id} of '
                'the annotation file, though they are two pictures; to fix it: leave '
                'out the boxes of pictures that it does not list'
            )
        self._found[image_id] = long

    def size(self, image_id: int) -> tuple[int, int]:
        """Width and height in pixels of an image; 0, 0 where the file has none."""
        return self._sizes[image_id]


def _tails(path: PurePosixPath) -> list[str]:
    """The path, and what is left of it without its first folders, down to the name."""
    return ['/'.join(path.parts[place:]) for place in range(len(path.parts))]
